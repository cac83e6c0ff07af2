"""Hostile pieces of a sync: to-device messages, events, state and rooms, each from a good template."""

from __future__ import annotations

import itertools
from typing import Any

from client.session.crypto.olm_account import MEGOLM
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.hostile.fuzzer import CANARY, Fuzzer

Object = dict[str, Any]
_KEY = "8bYP/Ig0P9NXLHH7yqsQPnYGXlTMCmoMfmlKcZvmZ0o"
_SAS: Object = {
    "from_device": "MALLORY",
    "methods": ["m.sas.v1"],
    "method": "m.sas.v1",
    "transaction_id": "t1",
    "timestamp": 1_700_000_000_000,
    "key_agreement_protocols": ["curve25519-hkdf-sha256"],
    "key_agreement_protocol": "curve25519-hkdf-sha256",
    "hashes": ["sha256"],
    "hash": "sha256",
    "message_authentication_codes": ["hkdf-hmac-sha256.v2"],
    "message_authentication_code": "hkdf-hmac-sha256.v2",
    "short_authentication_string": ["decimal", "emoji"],
    "commitment": _KEY,
    "key": _KEY,
    "mac": {"ed25519:MALLORY": _KEY},
    "keys": _KEY,
    "code": "m.user",
    "reason": CANARY,
    "to": "@bob:b.test",
}
_VERIFICATION = tuple(
    f"m.key.verification.{step}"
    for step in ("request", "ready", "start", "accept", "key", "mac", "done", "cancel", "unheard")
)
TO_DEVICE: tuple[tuple[str, Object], ...] = (
    *((type, _SAS) for type in _VERIFICATION),
    ("m.room_key", {"algorithm": MEGOLM, "room_id": ROOM, "session_id": _KEY, "session_key": CANARY}),
    ("m.forwarded_room_key", {"algorithm": MEGOLM, "room_id": ROOM, "session_id": _KEY, "sender_key": _KEY}),
    ("m.room_key_request", {"action": "request", "request_id": "r", "body": {"room_id": ROOM}}),
    ("m.room_key.withheld", {"code": "m.no_olm", "sender_key": _KEY, "room_id": ROOM, "session_id": _KEY}),
    ("m.secret.request", {"action": "request", "request_id": "r", "name": "m.megolm_backup.v1",
                          "requesting_device_id": "MALLORY"}),
    ("m.secret.send", {"request_id": "r", "secret": CANARY}),
    ("m.dummy", {}),
    ("org.unheard.of", {"anything": [1, 2, {"a": None}]}),
)  # fmt: skip
TIMELINE: tuple[tuple[str, Object], ...] = (
    (
        "m.room.encrypted",
        {"algorithm": MEGOLM, "session_id": _KEY, "ciphertext": "AwgAEpABm6", "device_id": "M"},
    ),
    ("m.room.message", {"msgtype": "m.text", "body": CANARY}),
    ("m.room.message", {"msgtype": "m.key.verification.request", "body": "", **_SAS}),
    ("m.key.verification.start", {"m.relates_to": {"rel_type": "m.reference", "event_id": "$e"}, **_SAS}),
    ("m.key.verification.cancel", {"m.relates_to": {"rel_type": "m.reference", "event_id": "$e"}, **_SAS}),
    ("m.room.redaction", {"redacts": "$e", "reason": CANARY}),
    ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$e", "key": "x"}}),
)
STATE: tuple[tuple[str, str, Object], ...] = (
    ("m.room.create", "", {"room_version": "12", "additional_creators": ["@a:b"], "type": "m.space"}),
    ("m.room.member", "@mallory:c.test", {"membership": "join", "displayname": "M", "avatar_url": "mxc://a/b"}),
    ("m.room.power_levels", "", {"users": {"@mallory:c.test": 50}, "users_default": 0, "events": {"a": 1}}),
    ("m.room.encryption", "", {"algorithm": MEGOLM, "rotation_period_msgs": 5, "rotation_period_ms": 1000}),
    ("m.room.history_visibility", "", {"history_visibility": "joined"}),
    ("m.room.server_acl", "", {"allow": ["*"], "deny": [], "allow_ip_literals": False}),
    ("m.room.name", "", {"name": "name"}),
    ("m.room.topic", "", {"topic": "topic"}),
    ("m.room.canonical_alias", "", {"alias": "#a:b", "alt_aliases": []}),
    ("m.room.join_rules", "", {"join_rule": "restricted", "allow": [{"type": "m.room_membership"}]}),
    ("m.room.tombstone", "", {"body": "x", "replacement_room": "!r"}),
    ("m.space.child", "!child", {"via": ["a.test"], "order": "a"}),
    ("org.rogatory.attestation", "alice:a.test", {
        "v": 1, "user_id": "@alice:a.test", "state": "SEN", "function": "focal-point", "themes": ["assets"],
        "master_key": _KEY, "answer_key": _KEY, "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2027-01-01T00:00:00Z", "authority": "africa",
        "signatures": {"africa": {"ed25519:2026a": _KEY + _KEY}}}),
)  # fmt: skip


class Pieces:
    """Makes pieces; every event has an id of its own, but for those that are spoilt."""

    def __init__(self, fuzzer: Fuzzer, senders: tuple[str, ...]) -> None:
        self._fuzzer = fuzzer
        self._senders = senders
        self._numbers = itertools.count()

    def to_device(self) -> Any:
        type, content = self._fuzzer.any_of(TO_DEVICE)
        return self._spoilt({"type": type, "sender": self._sender(), "content": content})

    def event(self) -> Any:
        type, content = self._fuzzer.any_of(TIMELINE)
        return self._spoilt(self._event(type, content))

    def state(self) -> Any:
        type, key, content = self._fuzzer.any_of(STATE)
        return self._spoilt({**self._event(type, content), "state_key": key})

    def room(self) -> Any:
        """Return a joined, left or invited room in which several things are wrong."""
        good = {
            "state": {"events": [self.state() for _ in range(3)]},
            "timeline": {
                "events": [self.event(), self.state(), self.event()],
                "limited": self._fuzzer.any_of((True, False)),
                "prev_batch": "p",
            },
            "unread_notifications": {"notification_count": 2**40, "highlight_count": -1},
            "invite_state": {"events": [self.state() for _ in range(2)]},
            "knock_state": {"events": [self.state()]},
            "ephemeral": {"events": [{"type": "m.typing", "content": {"user_ids": []}}]},
            "account_data": {"events": [{"type": "m.fully_read", "content": {}}]},
            "summary": {"m.heroes": [], "m.joined_member_count": 3},
        }
        return self._fuzzer.spoilt(good)

    def _spoilt(self, event: Object) -> Any:
        """Spoil an event, more often than not only in what it says."""
        if self._fuzzer.chance.random() < 0.7:
            return {**event, "content": self._fuzzer.spoilt(event["content"])}
        return self._fuzzer.spoilt(event)

    def _sender(self) -> str:
        sender: str = self._fuzzer.any_of(self._senders)
        return sender

    def _event(self, type: str, content: Object) -> Object:
        return {
            "type": type,
            "sender": self._sender(),
            "event_id": f"$hostile{next(self._numbers)}",
            "origin_server_ts": 1_700_000_000_000,
            "content": content,
            "unsigned": {"age": 4},
        }
