"""Which room keys the backup has: a mark on each session, by version, that survives a kill -9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vodozemac import InboundGroupSession

from client.session.crypto.olm_account import PICKLE_KEY
from client.session.store.sqlcipher import Database


@dataclass(frozen=True)
class PendingSession:
    """A session that the backup lacks from `first_index` on."""

    room_id: str
    session_id: str
    sender_key: str
    signing_key: str
    first_index: int
    exported_key: str


class BackupMarks:
    """The marks in one store. A session that is replaced by a better one loses its mark with the row."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, version: str) -> None:
        """Forget the marks of other versions: their keys count for nothing in this one."""
        self._db.execute(
            "UPDATE inbound_group_sessions SET backup_version = NULL WHERE backup_version <> ?", [version]
        )

    def pending(self, limit: int) -> list[PendingSession]:
        """Return at most `limit` sessions without a mark."""
        rows = self._db.execute(
            "SELECT room_id, session_id, sender_key, signing_key, first_index, pickle"
            " FROM inbound_group_sessions WHERE backup_version IS NULL LIMIT ?",
            [limit],
        )
        found = []
        for room_id, session_id, sender_key, signing_key, first_index, pickle in rows:
            exported = InboundGroupSession.from_pickle(pickle, PICKLE_KEY).export_at(first_index)
            if exported is not None:
                found.append(
                    PendingSession(
                        room_id, session_id, sender_key, signing_key, first_index, exported.to_base64()
                    )
                )
        return found

    def mark(self, sessions: Sequence[PendingSession], version: str) -> None:
        """Note that the backup has these; one that has become better meanwhile stays pending."""
        with self._db.atomic():
            self._db.conn.executemany(
                "UPDATE inbound_group_sessions SET backup_version = ?"
                " WHERE room_id = ? AND session_id = ? AND sender_key = ? AND first_index = ?",
                [(version, one.room_id, one.session_id, one.sender_key, one.first_index) for one in sessions],
            )

    def count(self) -> tuple[int, int]:
        """Return how many sessions the backup has, of how many."""
        query = "SELECT count(backup_version), count(*) FROM inbound_group_sessions"
        backed_up, total = self._db.execute(query).fetchone()
        return backed_up, total
