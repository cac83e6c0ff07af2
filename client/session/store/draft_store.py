"""What was typed in a room and not sent yet: one text a room, kept until it is sent or emptied."""

from __future__ import annotations

from client.session.store.sqlcipher import Database


class DraftStore:
    """The drafts of one store; every call is a transaction of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, room_id: str) -> str:
        """Return a room's draft, empty where there is none."""
        row = self._db.execute("SELECT text FROM drafts WHERE room_id = ?", [room_id]).fetchone()
        return "" if row is None else str(row[0])

    def put(self, room_id: str, text: str) -> None:
        """Keep a room's draft; an empty one is forgotten."""
        with self._db.atomic():
            if text:
                self._db.execute("INSERT OR REPLACE INTO drafts VALUES (?, ?)", [room_id, text])
            else:
                self._db.execute("DELETE FROM drafts WHERE room_id = ?", [room_id])
