"""Olm messages of all broken kinds, by real Olm accounts that are up to no good."""

from __future__ import annotations

import base64
from typing import Any

from vodozemac import Account, Curve25519PublicKey, GroupSession

from client.session.crypto.olm_account import MEGOLM, OLM
from tests.client.session.fake_homeserver import FakeDevice
from tests.client.session.hostile.fuzzer import CANARY, Fuzzer
from tests.client.session.hostile.spelling import write

Object = dict[str, Any]


class OlmBodies:
    """Makes `m.room.encrypted` to-device messages from `sender` for the device that `target` is."""

    def __init__(self, fuzzer: Fuzzer, target: FakeDevice, user_id: str, sender: str) -> None:
        self._fuzzer = fuzzer
        self._target = target
        self._user_id = user_id
        self._sender = sender
        self._account = Account()
        [(_, self._curve25519)] = [one for one in target.keys["keys"].items() if one[0].startswith("curve")]
        [(_, self._ed25519)] = [one for one in target.keys["keys"].items() if one[0].startswith("ed")]

    def one(self) -> Any:
        """Return one message."""
        return self._fuzzer.choose(
            self._noise,
            self._cut_prekey,
            self._stranger,
            lambda: self._fuzzer.spoilt(self._envelope(0, self._prekey(self._some_key(), b"{}"))),
            lambda: self._envelope(0, self._prekey(self._some_key(), self._payload())),
            lambda: self._envelope(0, self._prekey(self._good_key(), self._payload())),
        )

    def _noise(self) -> Object:
        kind = self._fuzzer.any_of((0, 1, 2, -1, 255, 2**40))
        noise = self._fuzzer.chance.randbytes(self._fuzzer.any_of((0, 1, 3, 32, 200, 5000)))
        return self._envelope(kind, noise)

    def _cut_prekey(self) -> Object:
        whole = self._prekey(self._some_key(), b"{}")
        at = self._fuzzer.chance.randrange(len(whole))
        return self._envelope(0, self._fuzzer.any_of((whole[:at], whole[:at] + b"\xff" + whole[at + 1 :])))

    def _stranger(self) -> Object:
        """A message of a session that nobody here has: as after a store was put back."""
        other = Account()
        other.generate_one_time_keys(1)
        [key] = other.one_time_keys.values()
        session = self._account.create_outbound_session(other.curve25519_key, key)
        kind, body = session.encrypt(b"{}").to_parts()
        return self._envelope(kind, body)

    def _some_key(self) -> str:
        return Account().curve25519_key.to_base64()  # a one-time key that the target never made

    def _good_key(self) -> str:
        key: str = next(iter(self._target.fallback.values()))["key"]
        return key

    def _prekey(self, one_time_key: str, plaintext: bytes) -> bytes:
        session = self._account.create_outbound_session(
            Curve25519PublicKey.from_base64(self._curve25519), Curve25519PublicKey.from_base64(one_time_key)
        )
        _, body = session.encrypt(plaintext).to_parts()
        return bytes(body)

    def _payload(self) -> bytes:
        """Return a payload that may pass every check but for what it says, or that is spoilt somewhere."""
        good = {
            "type": self._fuzzer.any_of(("m.room_key", "m.forwarded_room_key", "m.secret.send", "m.dummy")),
            "content": self._content(),
            "sender": self._sender,
            "recipient": self._user_id,
            "recipient_keys": {"ed25519": self._ed25519},
            "keys": {"ed25519": self._account.ed25519_key.to_base64()},
            "org.test": CANARY,
        }
        return write(self._fuzzer.spoilt(good) if self._fuzzer.chance.random() < 0.7 else good)

    def _content(self) -> Any:
        session = GroupSession()
        return self._fuzzer.spoilt(
            {
                "algorithm": MEGOLM,
                "room_id": "!room",
                "session_id": session.session_id,
                "session_key": session.session_key.to_base64(),
                "request_id": "r",
                "secret": CANARY,
                "name": "m.megolm_backup.v1",
                "forwarding_curve25519_key_chain": [],
            }
        )

    def _envelope(self, kind: int, body: bytes) -> Object:
        message = {"type": kind, "body": base64.b64encode(body).decode().rstrip("=")}
        return {
            "type": "m.room.encrypted",
            "sender": self._sender,
            "content": {
                "algorithm": OLM,
                "sender_key": self._account.curve25519_key.to_base64(),
                "ciphertext": {self._curve25519: message},
            },
        }
