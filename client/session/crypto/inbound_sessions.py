"""The Megolm sessions that let us read others: kept by room and session id, and never made worse.

A key that comes again replaces the one we have only when it is the same session from an earlier point.
Sessions of one id from two senders are kept apart: a member who passes somebody's key on under her own
name neither hides nor spoils it. Keys from the backup prove nothing of who wrote with them (anyone who knows
the backup's public key can put some there), so one never takes the place of a key that came from its sender,
unless it is that very ratchet from an earlier point; and a sender's own key always takes theirs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from vodozemac import ExportedSessionKey, InboundGroupSession, SessionKey

from client.session.crypto.olm_account import PICKLE_KEY
from client.session.store.sqlcipher import Database

DIRECT = "direct"
"""Provenance: the sender's device gave it to us in an Olm message of its own."""
OWN = "own"
"""Provenance: we made it ourselves."""
BACKUP = "backup"
"""Provenance: it comes from the backup, and nobody proves whose it is: `sender` is empty."""


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
    backup_version: str | None = None
    """The version of the backup that has it from this index on."""


_MOST_CACHED = 2_000
"""Sessions kept in memory: the rest is in the store. Anybody may send keys, for rooms that nobody knows."""


class KeyRefused(Exception):
    """A room key that cannot be used."""


class InboundSessions:
    """The sessions of one store. Changes are in memory until `save_changes` in a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._cache: dict[tuple[str, str], list[InboundSession]] = {}
        self._changed: list[InboundSession] = []
        self.saved = asyncio.Event()
        """Set whenever sessions were saved: there may be something to back up."""

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
        return self._take(
            InboundSession(
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
        )

    def add_backed_up(
        self,
        *,
        room_id: str,
        session_id: str,
        exported_key: str,
        sender_key: str,
        signing_key: str,
        version: str,
    ) -> bool:
        """Take in a session that a version of the backup had; return whether it lets us read more.

        Raises KeyRefused.
        """
        try:
            session = InboundGroupSession.import_session(ExportedSessionKey(exported_key))
        except ValueError as error:
            raise KeyRefused(f"the session key is malformed: {error}") from None
        if session.session_id != session_id:
            raise KeyRefused("the session key belongs to another session")
        return self._take(
            InboundSession(
                room_id,
                session_id,
                sender_key,
                signing_key,
                "",
                None,
                BACKUP,
                session.first_known_index,
                session,
                version,
            )
        )

    def _take(self, new: InboundSession) -> bool:
        name = (new.room_id, new.session_id)
        known = self._cache[name] = self._all(*name)
        mine = next((one for one in known if one.sender_key == new.sender_key), None)
        kept = new if mine is None else _merged(new, mine)
        if kept is mine:
            return False
        if mine is not None:
            known.remove(mine)
        known.append(kept)
        self._changed.append(kept)
        return mine is None or kept.vodozemac is not mine.vodozemac

    def find(self, room_id: str, session_id: str, sender: str) -> InboundSession | None:
        """Return the session: where there are several, the one that `sender` gave us, else a proven one."""
        known = self._all(room_id, session_id)
        return min(known, key=lambda one: (one.sender != sender, one.provenance == BACKUP), default=None)

    def save_changes(self) -> None:
        """Write what changed, in the caller's transaction."""
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO inbound_group_sessions (room_id, session_id, pickle, first_index,"
            " sender_key, signing_key, sender, device_id, provenance, backup_version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                    one.backup_version,
                )
                for one in self._changed
            ],
        )
        if self._changed:
            self.saved.set()
        self._changed = []
        while len(self._cache) > _MOST_CACHED:
            del self._cache[next(iter(self._cache))]

    def _all(self, room_id: str, session_id: str) -> list[InboundSession]:
        name = (room_id, session_id)
        found = self._cache.get(name)
        if found is None:
            rows = self._db.execute(
                "SELECT pickle, first_index, sender_key, signing_key, sender, device_id, provenance,"
                " backup_version FROM inbound_group_sessions WHERE room_id = ? AND session_id = ?",
                name,
            )
            found = [
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
                    version,
                )
                for (
                    pickle,
                    first_index,
                    sender_key,
                    signing_key,
                    sender,
                    device_id,
                    provenance,
                    version,
                ) in rows
            ]
            if found:  # names that others make up are not kept
                self._cache[name] = found
        return found


def _merged(new: InboundSession, old: InboundSession) -> InboundSession:
    """Return what to keep of two sessions of one id and sender key: the earlier ratchet, the better proof."""
    same = _is_same_ratchet(new.vodozemac, old.vodozemac)
    if old.provenance == BACKUP and new.provenance != BACKUP:
        if same and old.first_index <= new.first_index:
            return replace(
                new,
                vodozemac=old.vodozemac,
                first_index=old.first_index,
                backup_version=old.backup_version,
            )
        return new
    if not same or new.first_index >= old.first_index:
        return old
    if new.provenance == BACKUP:
        # Who proved the later point proved the earlier: a ratchet cannot be turned back to forge one.
        return replace(
            old,
            vodozemac=new.vodozemac,
            first_index=new.first_index,
            backup_version=new.backup_version,
        )
    return new


def _is_same_ratchet(one: InboundGroupSession, other: InboundGroupSession) -> bool:
    """Return whether two sessions are one: at the later of their beginnings both are equal."""
    index = max(one.first_known_index, other.first_known_index)
    mine, theirs = one.export_at(index), other.export_at(index)
    return mine is not None and theirs is not None and mine.to_base64() == theirs.to_base64()
