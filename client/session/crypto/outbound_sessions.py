"""The Megolm sessions that we send with: one a room, kept over restarts, changed before it is worn."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec
from vodozemac import GroupSession

from client.session.crypto.olm_account import MEGOLM, PICKLE_KEY, OlmAccount
from client.session.crypto.public_keys import Device
from client.session.events import Content, Json
from client.session.store.sqlcipher import Database

MOST_MESSAGES = 50
LONGEST_MILLISECONDS = 24 * 3600 * 1000


class Rotation(msgspec.Struct, frozen=True):
    """When a room's session is changed: the room's own settings, within ours."""

    messages: int = MOST_MESSAGES
    milliseconds: int = LONGEST_MILLISECONDS

    @classmethod
    def of_room(cls, encryption: Content) -> Rotation:
        """Read a room's `m.room.encryption`: its values where they are stricter than ours, and sane."""
        messages, period = encryption.get("rotation_period_msgs"), encryption.get("rotation_period_ms")
        return cls(
            max(1, min(messages, MOST_MESSAGES)) if isinstance(messages, int) else MOST_MESSAGES,
            max(1, min(period, LONGEST_MILLISECONDS)) if isinstance(period, int) else LONGEST_MILLISECONDS,
        )


@dataclass
class OutboundSession:
    """A room's session: `shared` says to which devices its key was given, with their identity keys."""

    room_id: str
    vodozemac: GroupSession
    created_at: int
    messages: int
    shared: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def session_id(self) -> str:
        """Its id, which is also its public key."""
        return self.vodozemac.session_id

    def is_worn(self, rotation: Rotation, recipients: Collection[Device], now: int) -> bool:
        """Return whether it must be changed: enough messages, too old, or a device that has it is gone."""
        current = {(device.user_id, device.device_id): device.curve25519 for device in recipients}
        return (
            self.messages >= rotation.messages
            or not 0 <= now - self.created_at < rotation.milliseconds
            or any(current.get(name) != key for name, key in self.shared.items())
        )

    def missing(self, recipients: Collection[Device]) -> list[Device]:
        """Return the recipients that do not have its key yet."""
        return [device for device in recipients if (device.user_id, device.device_id) not in self.shared]


class OutboundSessions:
    """The outbound sessions of one store; every change is written at once, in the caller's transaction."""

    def __init__(self, db: Database, account: OlmAccount) -> None:
        self._db = db
        self._account = account
        self._sessions: dict[str, OutboundSession] = {}

    def current(self, room_id: str) -> OutboundSession | None:
        """Return a room's session, if it has one."""
        if room_id not in self._sessions:
            row = self._db.execute(
                "SELECT pickle, created_at, messages FROM outbound_group_sessions WHERE room_id = ?",
                [room_id],
            ).fetchone()
            if row is None:
                return None
            session = OutboundSession(
                room_id, GroupSession.from_pickle(row[0], PICKLE_KEY), created_at=row[1], messages=row[2]
            )
            shares = "SELECT user_id, device_id, curve25519 FROM outbound_shares WHERE session_id = ?"
            for user_id, device_id, curve25519 in self._db.execute(shares, [session.session_id]):
                session.shared[user_id, device_id] = curve25519
            self._sessions[room_id] = session
        return self._sessions[room_id]

    def begin(self, room_id: str) -> OutboundSession:
        """Begin a new session for a room, in place of the old one."""
        old = self.current(room_id)
        if old is not None:
            self._db.execute("DELETE FROM outbound_shares WHERE session_id = ?", [old.session_id])
        session = OutboundSession(room_id, GroupSession(), int(time.time() * 1000), 0)
        self._sessions[room_id] = session
        self._save(session)
        return session

    def note_shared(self, session: OutboundSession, devices: Collection[Device]) -> None:
        """Remember that the key is on its way to `devices`: queued in the same transaction."""
        session.shared.update({(one.user_id, one.device_id): one.curve25519 for one in devices})
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO outbound_shares VALUES (?, ?, ?, ?)",
            [(session.session_id, one.user_id, one.device_id, one.curve25519) for one in devices],
        )

    def encrypt(self, session: OutboundSession, type: str, content: Content) -> dict[str, Json]:
        """Encrypt an event for the session's room; return the content of the `m.room.encrypted`.

        A relation stays inside the ciphertext: outside it would tell the server of reactions and edits.
        """
        plaintext = msgspec.json.encode({"room_id": session.room_id, "type": type, "content": content})
        ciphertext = session.vodozemac.encrypt(plaintext).to_base64()
        session.messages += 1
        self._save(session)
        return {
            "algorithm": MEGOLM,
            "ciphertext": ciphertext,
            "session_id": session.session_id,
            # Deprecated, but older clients look for the session by them.
            "sender_key": self._account.curve25519,
            "device_id": self._account.device_id,
        }

    def _save(self, session: OutboundSession) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO outbound_group_sessions VALUES (?, ?, ?, ?, ?)",
            [
                session.room_id,
                session.session_id,
                session.vodozemac.pickle(PICKLE_KEY),
                session.created_at,
                session.messages,
            ],
        )
