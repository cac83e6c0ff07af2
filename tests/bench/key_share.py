"""What it costs to share a room's key with 200 devices, as a ratio to raw Olm encryption of such payloads.

    .venv/bin/python -m tests.bench.key_share [--runs 9] [--devices 200]

With Olm sessions open, the floor is `Session.encrypt` of every payload; without, it is
`Account.create_outbound_session` and `Session.encrypt`. The figure is `KeySharing.shared_session` for a new
room: a new Megolm session, every payload composed and encrypted, sessions and the queued request stored
encrypted, the request encoded; without sessions also the claim read and the signatures of the one-time keys
checked. The homeserver is a stub at the transport seam.

An open session is one that both sides write to: everybody shares keys of their own, so each encryption turns
the ratchet on. The last figure is of sessions to which nobody has ever answered: their encryption costs half.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import itertools
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from vodozemac import Account, AnyOlmMessage, Curve25519PublicKey, Session

from client.session.crypto.machine import Machine
from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.olm_payload import compose
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.public_keys import Device
from client.session.crypto.room_rules import RoomRules
from client.session.events import Json
from client.session.store.facts import Fact, Facts
from client.session.store.schema import account_schema
from client.session.store.vault import migrate, open_vault
from policies.trust.unpadded_base64 import decode_base64, unpadded_base64
from tests.bench.ratio import report
from tests.bench.stub_homeserver import StubTransport

ME, MY_DEVICE = "@me:bench.test", "ME"
_TURNS = 3
RULES = RoomRules(history_visibility="joined")


@dataclass
class Recipient:
    """A device of another user, with its account and its side of the session with ours."""

    account: OlmAccount
    device: Device
    session: Session | None = None

    def claimable(self) -> dict[str, Json]:
        """Return one signed one-time key, as /keys/claim gives it."""
        self.account.vodozemac.generate_one_time_keys(1)
        [(name, key)] = self.account.vodozemac.one_time_keys.items()
        self.account.vodozemac.mark_keys_as_published()
        return {f"signed_curve25519:{name}": self.account.sign({"key": key.to_base64()})}

    def read(self, sender: Curve25519PublicKey, message: AnyOlmMessage) -> None:
        """Read a message of ours."""
        prekey = message.to_pre_key()
        if self.session is None or (prekey and prekey.session_id() != self.session.session_id):
            assert prekey is not None
            self.session, _ = self.account.vodozemac.create_inbound_session(sender, prekey)
        else:
            self.session.decrypt(message)

    def answer(self) -> AnyOlmMessage:
        """Write a message to us."""
        assert self.session is not None
        return self.session.encrypt(b"an answer")


class Bench:
    """One machine whose room has `count` other devices, one of each user."""

    def __init__(self, folder: Path, count: int) -> None:
        self.recipients = [self._recipient(number) for number in range(count)]
        self.users = [one.device.user_id for one in self.recipients]
        self.transport = StubTransport()
        path = folder / "store.db"
        self._db = open_vault(path, bytes(32))
        migrate(self._db, account_schema, path)
        facts = Facts(self._db)
        facts.put(Fact.USER_ID, ME)
        facts.put(Fact.DEVICE_ID, MY_DEVICE)
        OlmAccount(ME, MY_DEVICE, Account()).save(facts)
        OwnIdentity.generate(ME).save(facts)
        for one in self.recipients:
            self._db.execute("INSERT INTO devices VALUES (?, ?, ?, ?, 1, 1)", list(_columns(one.device)))
            self._db.execute("INSERT INTO identities VALUES (?, 'm', 's', 'm')", [one.device.user_id])
            self._db.execute("INSERT INTO tracked_users VALUES (?, 0)", [one.device.user_id])
        self._rooms = itertools.count()
        self.machine = Machine(self._db, self.transport)

    def _recipient(self, number: int) -> Recipient:
        account = OlmAccount(f"@user{number}:bench.test", "D", Account())
        device = Device(account.user_id, "D", account.curve25519, account.ed25519, signed=True)
        return Recipient(account, device)

    def forget_sessions(self) -> None:
        """Let no Olm session be open, and new one-time keys be there to claim."""
        self._db.execute("DELETE FROM olm_sessions")
        self.machine = Machine(self._db, self.transport)
        keys = {one.device.user_id: {"D": one.claimable()} for one in self.recipients}
        self.transport.answers["/_matrix/client/v3/keys/claim"] = msgspec.json.encode({"one_time_keys": keys})

    async def share(self) -> float:
        """Share the key of a new room; return the milliseconds that it took."""
        room = f"!room{next(self._rooms)}"
        with _no_collection():
            began = time.perf_counter()
            session = await self.machine.sharing.shared_session(room, self.users, RULES)
            took = (time.perf_counter() - began) * 1000
        assert len(session.shared) == len(self.recipients)
        return took

    def answer(self) -> None:
        """Let every recipient read what was shared last, and write something that we read."""
        messages = msgspec.json.decode(self.transport.last_body)["messages"]
        own_key = self.machine.account.vodozemac.curve25519_key
        for one in self.recipients:
            [ciphertext] = messages[one.device.user_id]["D"]["ciphertext"].values()
            kind, body = ciphertext["type"], decode_base64(ciphertext["body"])
            one.read(own_key, AnyOlmMessage.from_parts(kind, body))
            kind, body = one.answer().to_parts()
            self.machine.olm.decrypt(one.device.curve25519, kind, unpadded_base64(body))

    def floor(self, *, create: bool = False, answered: bool = True) -> float:
        """Encrypt payloads as long as ours with vodozemac alone; return the milliseconds for one each.

        It is done several times over, so that it lasts about as long as what it is compared with.
        """
        account = Account()
        others = [Recipient(one.account, one.device) for one in self.recipients]
        keys = [(one.device.curve25519, _key(one.claimable())) for one in others]
        pairs = [
            (Curve25519PublicKey.from_base64(mine), Curve25519PublicKey.from_base64(key))
            for mine, key in keys
        ]
        payloads = [self._payload(one.device) for one in others]
        sessions = [account.create_outbound_session(*pair) for pair in pairs]
        messages = [session.encrypt(b"") for session in sessions]
        took = 0.0
        for _ in range(_TURNS):
            for one, session, message in zip(others, sessions, messages, strict=True):
                if answered and not create:
                    one.read(account.curve25519_key, message)
                    session.decrypt(one.answer())
            with _no_collection():
                began = time.perf_counter()
                if create:
                    sessions = [account.create_outbound_session(*pair) for pair in pairs]
                messages = [session.encrypt(text) for session, text in zip(sessions, payloads, strict=True)]
                took += time.perf_counter() - began
        return took * 1000 / _TURNS

    def _payload(self, device: Device) -> bytes:
        sharing = self.machine.sharing
        room_key = msgspec.json.encode({"algorithm": "m.megolm.v1.aes-sha2", "room_id": "!room0",
                                        "session_id": "s" * 43, "session_key": "k" * 306})  # fmt: skip
        return compose(self.machine.account, device, sharing._device_keys, "m.room_key", room_key)


def _columns(device: Device) -> tuple[str, str, str, str]:
    return device.user_id, device.device_id, device.curve25519, device.ed25519


def _key(claimed: dict[str, Json]) -> str:
    [signed] = claimed.values()
    assert isinstance(signed, dict)
    return str(signed["key"])


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector's share out: it depends on everything else that is in memory."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def measure(bench: Bench, runs: int) -> None:
    """Measure and print."""
    what = f"share with {len(bench.recipients)} devices"
    begun, opened, unanswered = [], [], []
    for _ in range(runs):
        bench.forget_sessions()
        begun.append((await bench.share(), bench.floor(create=True)))
        unanswered.append((await bench.share(), bench.floor(answered=False)))
        bench.answer()
        opened.append((await bench.share(), bench.floor()))
    report(f"{what}, sessions begun", "raw create and encrypt", begun, 3)
    report(f"{what}, sessions open", "raw encrypt", opened, 3)
    report(f"{what}, sessions open and never answered", "raw encrypt", unanswered)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--devices", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(measure(Bench(Path(scratch), options.devices), options.runs))


if __name__ == "__main__":
    main()
