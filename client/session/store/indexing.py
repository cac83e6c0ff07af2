"""Indexing a timeline that was written before there was an index."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from client.session.events import Json
from client.session.store.edits import Edits
from client.session.store.message_text import new_text, replaced_event, text_of
from client.session.store.search_index import IndexRow, SearchIndex
from client.session.store.sqlcipher import Database


def index_what_is_there(db: Database) -> None:
    """Fill the empty index from the events, in the caller's transaction."""
    index = SearchIndex(db)
    edits: dict[tuple[str, str], list[IndexRow]] = {}
    index.add(_messages(db, edits))
    db.conn.executemany(
        "UPDATE events SET replaces = ? WHERE position = ?",
        [(event_id, row.position) for (_, event_id), found in edits.items() for row in found],
    )
    relations = Edits(db, index)
    for (room_id, event_id), found in edits.items():
        relations.add(room_id, event_id, found)


def _messages(db: Database, edits: dict[tuple[str, str], list[IndexRow]]) -> Iterator[IndexRow]:
    """Yield the messages in the order of their positions, and put those that are edits into `edits`."""
    query = (
        "SELECT position, room_id, sender, content, body FROM events WHERE body IS NOT NULL ORDER BY position"
    )
    for position, room_id, sender, raw, body in db.conn.execute(query):
        content = msgspec.json.decode(raw, type=dict[str, Json])
        event_id = replaced_event(content)
        if event_id is None:
            yield IndexRow(position, text_of(content, body), room_id, sender)
        else:
            row = IndexRow(position, new_text(content), room_id, sender)
            edits.setdefault((room_id, event_id), []).append(row)
