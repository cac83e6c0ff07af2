"""The Megolm sessions that let us read others: kept by room and session id, and never made worse.

A key that comes again replaces the one we have only when it is the same session from an earlier point.
Sessions of one id from two senders are kept apart: a member who passes somebody's key on under her own
name neither hides nor spoils it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vodozemac import InboundGroupSession, SessionKey

from client.session.crypto.olm_account import PICKLE_KEY
from client.session.store.sqlcipher import Database

DIRECT = "direct"
"""Provenance: the sender's device gave it to us in an Olm message of its own."""
OWN = "own"
"""Provenance: we made it ourselves."""


@dataclass
class InboundSession:
    """A session with where it came from: the user and the device keys that the Olm message proved."""

    room_id: str
    session_id: str
    sender_key: str
    signing_key: str
    sender: str
    device_id: str | None
    provenance: str
    first_index: int
    vodozemac: InboundGroupSession


class KeyRefused(Exception):
    """A room key that cannot be used."""


class InboundSessions:
    """The sessions of one store. Changes are in memory until `save_changes` in a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._cache: dict[tuple[str, str], list[InboundSession]] = {}
        self._changed: list[InboundSession] = []

    def add(
        self,
        *,
        room_id: str,
        session_id: str,
        session_key: str,
        sender_key: str,
        signing_key: str,
        sender: str,
        device_id: str | None,
        provenance: str,
    ) -> bool:
        """Take in a room key; return whether it lets us read more. Raises KeyRefused."""
        try:
            session = InboundGroupSession(SessionKey(session_key))
        except ValueError as error:
            raise KeyRefused(f"the session key is malformed: {error}") from None
        if session.session_id != session_id:
            raise KeyRefused("the session key belongs to another session")
        known = self._all(room_id, session_id)
        mine = next((one for one in known if one.sender_key == sender_key), None)
        if mine is not None and not _is_better(session, mine.vodozemac):
            return False
        entry = InboundSession(
            room_id,
            session_id,
            sender_key,
            signing_key,
            sender,
            device_id,
            provenance,
            session.first_known_index,
            session,
        )
        if mine is not None:
            known.remove(mine)
        known.append(entry)
        self._changed.append(entry)
        return True

    def find(self, room_id: str, session_id: str, sender: str) -> InboundSession | None:
        """Return the session, the one that `sender` gave us where there are several."""
        known = self._all(room_id, session_id)
        return next((one for one in known if one.sender == sender), known[0] if known else None)

    def save_changes(self) -> None:
        """Write what changed, in the caller's transaction."""
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO inbound_group_sessions (room_id, session_id, pickle, first_index,"
            " sender_key, signing_key, sender, device_id, provenance) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    one.room_id,
                    one.session_id,
                    one.vodozemac.pickle(PICKLE_KEY),
                    one.first_index,
                    one.sender_key,
                    one.signing_key,
                    one.sender,
                    one.device_id,
                    one.provenance,
                )
                for one in self._changed
            ],
        )
        self._changed = []

    def _all(self, room_id: str, session_id: str) -> list[InboundSession]:
        name = (room_id, session_id)
        if name not in self._cache:
            rows = self._db.execute(
                "SELECT pickle, first_index, sender_key, signing_key, sender, device_id, provenance"
                " FROM inbound_group_sessions WHERE room_id = ? AND session_id = ?",
                name,
            )
            self._cache[name] = [
                InboundSession(
                    room_id,
                    session_id,
                    sender_key,
                    signing_key,
                    sender,
                    device_id,
                    provenance,
                    first_index,
                    InboundGroupSession.from_pickle(pickle, PICKLE_KEY),
                )
                for pickle, first_index, sender_key, signing_key, sender, device_id, provenance in rows
            ]
        return self._cache[name]


def _is_better(new: InboundGroupSession, old: InboundGroupSession) -> bool:
    """Return whether `new` begins earlier and is the same ratchet: at the old beginning both are equal."""
    if new.first_known_index >= old.first_known_index:
        return False
    mine, theirs = old.export_at(old.first_known_index), new.export_at(old.first_known_index)
    return mine is not None and theirs is not None and mine.to_base64() == theirs.to_base64()
