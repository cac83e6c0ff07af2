"""Which text of a message counts: its sender may have replaced it (Matrix spec, "Event replacements").

An edit counts only from the same sender, and one that may come from somebody else's device does not replace
what is known to be the sender's own. Of those that count the latest does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from client.session.events import Json, Trust
from client.session.store.event_ids import position_of
from client.session.store.message_text import new_text, text_of
from client.session.store.search_index import IndexRow, SearchIndex
from client.session.store.sqlcipher import Database

_BELIEVED = (Trust.ATTESTED, Trust.VERIFIED, Trust.PINNED)
_DOUBTFUL = (Trust.UNSIGNED_DEVICE, Trust.IDENTITY_CHANGED)
_encode = msgspec.json.Encoder().encode


class Edits:
    """Keeps `edited_by` and the index to the text that counts, within the caller's transaction."""

    def __init__(self, db: Database, index: SearchIndex) -> None:
        self._db = db
        self._index = index

    def edited_among(self, events: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return those of `events`, by room and id, that some stored event of the room says to replace."""
        query = (
            "SELECT DISTINCT room_id, replaces FROM json_each(?) CROSS JOIN events"
            " ON room_id = value ->> 0 AND replaces = value ->> 1 AND replaces IS NOT NULL"
        )
        return self._db.conn.execute(query, [_encode(list(events)).decode()]).fetchall()

    def of(self, room_id: str, event_id: str, sender: str) -> list[int]:
        """Return the positions of what a sender wrote to replace an event."""
        query = "SELECT position FROM events WHERE room_id = ? AND replaces = ? AND sender = ?"
        return [position for (position,) in self._db.conn.execute(query, [room_id, event_id, sender])]

    def add(self, room_id: str, event_id: str, edits: Iterable[IndexRow]) -> None:
        """Take in new edits of one event; while that is not stored, each is found by itself."""
        if not self.settle(room_id, event_id):
            edits = list(edits)
            self._index.add(edits)
            self._db.conn.executemany(
                "UPDATE events SET edited_by = position WHERE position = ?",
                [(edit.position,) for edit in edits],
            )

    def adopt(self, room_id: str, event_id: str) -> None:
        """Let edits that came before the event which they replace count for it, and no more by themselves."""
        query = "SELECT position FROM events WHERE room_id = ? AND replaces = ?"
        self._index.remove([row[0] for row in self._db.conn.execute(query, [room_id, event_id])])
        self.settle(room_id, event_id)

    def settle(self, room_id: str, event_id: str) -> bool:
        """Index an event by the text that counts now; return whether it is stored."""
        position = position_of(self._db, room_id, event_id)
        if position is None:
            return False
        query = (
            "SELECT sender, content, body, trust, sealed IS NOT NULL, replaces IS NOT NULL"
            " FROM events WHERE position = ?"
        )
        row = self._db.conn.execute(query, [position]).fetchone()
        sender, content, body, trust, is_sealed, is_edit = row
        if is_edit or (body is None and not is_sealed):
            return True  # an edit cannot be edited, and what was redacted stays so
        newest = self._newest(room_id, event_id, sender, Trust(trust))
        edited_by: int | None = None
        text: str | None
        if newest is not None:
            edited_by, edit = newest
            text = new_text(_decoded(edit))
        else:
            text = None if body is None else text_of(_decoded(content), body)
        self._db.conn.execute("UPDATE events SET edited_by = ? WHERE position = ?", [edited_by, position])
        self._index.remove([position])
        if text is not None:
            self._index.add([IndexRow(position, text, room_id, sender)])
        return True

    def _newest(self, room_id: str, event_id: str, sender: str, trust: Trust) -> tuple[int, bytes] | None:
        counting = _BELIEVED if trust in _BELIEVED else (*_BELIEVED, *_DOUBTFUL)
        query = (
            "SELECT position, content FROM events WHERE room_id = ? AND replaces = ? AND sender = ?"
            " AND body IS NOT NULL AND trust IN (SELECT value FROM json_each(?))"
            " ORDER BY sent_at DESC, event_id DESC LIMIT 1"
        )
        asked = [room_id, event_id, sender, _encode(counting).decode()]
        found: tuple[int, bytes] | None = self._db.conn.execute(query, asked).fetchone()
        return found


def _decoded(content: bytes) -> dict[str, Json]:
    return msgspec.json.decode(content, type=dict[str, Json])
