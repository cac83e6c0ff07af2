"""The Megolm sessions that we send with: one a room, kept over restarts, changed before it is worn."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec
from vodozemac import GroupSession

from client.session.crypto.olm_account import MEGOLM, PICKLE_KEY, OlmAccount
from client.session.crypto.public_keys import Device
from client.session.crypto.room_rules import RoomRules
from client.session.events import Content, Json
from client.session.store.sqlcipher import Database


@dataclass
class OutboundSession:
    """A room's session: `shared` says to which devices its key was given, with their identity keys.

    `first_key` is its key before the first message, `from_first` those of the devices that were given that.
    """

    room_id: str
    vodozemac: GroupSession
    created_at: int
    messages: int
    history_visibility: str
    first_key: str = field(repr=False)
    shared: dict[tuple[str, str], str] = field(default_factory=dict)
    from_first: set[tuple[str, str]] = field(default_factory=set)

    @property
    def session_id(self) -> str:
        """Its id, which is also its public key."""
        return self.vodozemac.session_id

    @property
    def key(self) -> str:
        """Its key from the next message on: a secret."""
        return self.vodozemac.session_key.to_base64()

    def is_worn(self, rules: RoomRules, recipients: Collection[Device], now: int) -> bool:
        """Return whether it must be changed.

        It must after enough messages, when it is too old, when a device that has it is gone, and when others
        may read the history than when it was begun.
        """
        current = {(device.user_id, device.device_id): device.curve25519 for device in recipients}
        return (
            self.messages >= rules.messages
            or not 0 <= now - self.created_at < rules.milliseconds
            or self.history_visibility != rules.history_visibility
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
                "SELECT pickle, created_at, messages, history_visibility, first_key"
                " FROM outbound_group_sessions WHERE room_id = ?",
                [room_id],
            ).fetchone()
            if row is None:
                return None
            session = OutboundSession(room_id, GroupSession.from_pickle(row[0], PICKLE_KEY), *row[1:])
            shares = (
                "SELECT user_id, device_id, curve25519, from_first FROM outbound_shares WHERE session_id = ?"
            )
            for user_id, device_id, curve25519, first in self._db.execute(shares, [session.session_id]):
                session.shared[user_id, device_id] = curve25519
                if first:
                    session.from_first.add((user_id, device_id))
            self._sessions[room_id] = session
        return self._sessions[room_id]

    def begin(self, room_id: str, history_visibility: str) -> OutboundSession:
        """Begin a new session for a room, in place of the old one."""
        old = self.current(room_id)
        if old is not None:
            self._db.execute("DELETE FROM outbound_shares WHERE session_id = ?", [old.session_id])
        new = GroupSession()
        key = new.session_key.to_base64()
        session = OutboundSession(room_id, new, int(time.time() * 1000), 0, history_visibility, key)
        self._sessions[room_id] = session
        self._save(session)
        return session

    def note_shared(self, session: OutboundSession, devices: Collection[Device]) -> None:
        """Remember that the key is on its way to `devices`: queued in the same transaction."""
        shared = {(one.user_id, one.device_id): one.curve25519 for one in devices}
        first = session.messages == 0
        session.shared.update(shared)
        if first:
            session.from_first.update(shared)
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO outbound_shares VALUES (?, ?, ?, ?, ?)",
            [(session.session_id, *name, curve25519, first) for name, curve25519 in shared.items()],
        )

    def shared_with(self, device: Device) -> list[OutboundSession]:
        """Return the rooms' sessions of today whose key a device was given."""
        query = (
            "SELECT room_id FROM outbound_group_sessions JOIN outbound_shares USING (session_id)"
            " WHERE user_id = ? AND device_id = ? ORDER BY room_id"
        )
        rooms = self._db.execute(query, [device.user_id, device.device_id]).fetchall()
        return [session for (room_id,) in rooms if (session := self.current(room_id)) is not None]

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
            "INSERT OR REPLACE INTO outbound_group_sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                session.room_id,
                session.session_id,
                session.vodozemac.pickle(PICKLE_KEY),
                session.created_at,
                session.messages,
                session.history_visibility,
                session.first_key,
            ],
        )
