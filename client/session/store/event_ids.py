"""Finding events by their ids.

Ids are random: each new one falls on another page of an index. An index over whole ids with their rooms had
a hundred megabytes for a million messages, and taking in a sync meant reading, encrypting and writing one of
its pages for every event. Over the first characters alone it stays in memory, and a row says the rest.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from client.session.store.sqlcipher import Database

CREATE = "CREATE INDEX events_by_beginning_of_id ON events (substr(event_id, 2, 8))"

# + keeps SQLite from the index over rooms, which would read the whole room
_FIND = """SELECT event_id, position FROM events WHERE +room_id = ?
    AND substr(event_id, 2, 8) IN (SELECT substr(value, 2, 8) FROM json_each(?))"""


def positions_of(db: Database, room_id: str, event_ids: Iterable[str]) -> dict[str, int]:
    """Return where those of some events of a room stand that are stored."""
    wanted = set(event_ids)
    rows = db.conn.execute(_FIND, (room_id, msgspec.json.encode(sorted(wanted)).decode()))
    return {event_id: position for event_id, position in rows if event_id in wanted}


def position_of(db: Database, room_id: str, event_id: str) -> int | None:
    """Return where an event of a room stands, None when it is not stored."""
    return positions_of(db, room_id, [event_id]).get(event_id)
