"""The other side, by hand: a device that speaks Olm and Megolm by vodozemac, and says what it is told to."""

from __future__ import annotations

import base64
import json
from typing import Any

from vodozemac import Account, Curve25519PublicKey, GroupSession, Session

from tests.client.session.fake_homeserver import ROOM

Object = dict[str, Any]
OLM, MEGOLM = "m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"


class Peer:
    """One device of one user, with one Megolm session of its own."""

    def __init__(self, user_id: str = "@peer:p.test", device_id: str = "PEER") -> None:
        self.user_id, self.device_id = user_id, device_id
        self.account = Account()
        self.group = GroupSession()
        self.curve25519 = self.account.curve25519_key.to_base64()
        self.ed25519 = self.account.ed25519_key.to_base64()
        self._olm: Session | None = None
        self._messages = 0

    def device_keys(self) -> Object:
        """Return the device as /keys/upload takes it."""
        keys = {f"curve25519:{self.device_id}": self.curve25519, f"ed25519:{self.device_id}": self.ed25519}
        obj: Object = {
            "user_id": self.user_id,
            "device_id": self.device_id,
            "algorithms": [OLM, MEGOLM],
            "keys": keys,
        }
        text = json.dumps(obj, sort_keys=True, separators=(",", ":"))
        signature = self.account.sign(text.encode()).to_base64()
        return {**obj, "signatures": {self.user_id: {f"ed25519:{self.device_id}": signature}}}

    def begin(self, curve25519: str, one_time_key: str) -> None:
        """Begin an Olm session with the receiver."""
        self._olm = self.account.create_outbound_session(
            Curve25519PublicKey.from_base64(curve25519), Curve25519PublicKey.from_base64(one_time_key)
        )

    def payload(self, recipient: tuple[str, str], type: str, content: Object, **changes: object) -> Object:
        """Return an honest Olm payload for (user id, signing key), but for the `changes`."""
        return {
            "type": type,
            "content": content,
            "sender": self.user_id,
            "sender_device": self.device_id,
            "keys": {"ed25519": self.ed25519},
            "recipient": recipient[0],
            "recipient_keys": {"ed25519": recipient[1]},
            **changes,
        }

    def to_device(self, curve25519: str, payload: Object) -> Object:
        """Return a to-device message with an encrypted payload."""
        assert self._olm is not None
        kind, ciphertext = self._olm.encrypt(json.dumps(payload).encode()).to_parts()
        return olm_event(self.user_id, self.curve25519, curve25519, kind, unpadded(ciphertext))

    def room_key(self, group: GroupSession | None = None) -> Object:
        """Return the content of an m.room_key of the session as it stands."""
        group = group or self.group
        return {
            "algorithm": MEGOLM,
            "room_id": ROOM,
            "session_id": group.session_id,
            "session_key": group.session_key.to_base64(),
        }

    def message(self, body: str, **changes: object) -> Object:
        """Return an encrypted event of the room; `room_id` changes what stands inside the ciphertext."""
        self._messages += 1
        plaintext = {
            "type": "m.room.message",
            "content": {"msgtype": "m.text", "body": body},
            "room_id": changes.pop("room_id", ROOM),
        }
        content = {
            "algorithm": MEGOLM,
            "ciphertext": self.group.encrypt(json.dumps(plaintext).encode()).to_base64(),
            "session_id": self.group.session_id,
            "sender_key": self.curve25519,
            "device_id": self.device_id,
        }
        return {
            "type": "m.room.encrypted",
            "event_id": f"${self.device_id}{self._messages}",
            "sender": self.user_id,
            "origin_server_ts": 1_700_000_000_000,
            "content": content,
            **changes,
        }


def unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def olm_event(sender: str, sender_key: str, recipient_key: str, kind: int, body: str) -> Object:
    """Return a to-device message that claims to be encrypted."""
    content = {
        "algorithm": OLM,
        "sender_key": sender_key,
        "ciphertext": {recipient_key: {"type": kind, "body": body}},
    }
    return {"type": "m.room.encrypted", "sender": sender, "content": content}
