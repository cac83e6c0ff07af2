"""Finding events by their ids.

Ids are random: each new one falls on another page of an index, to be read, encrypted and written. Over whole
ids with their rooms that was a page an event, and a hundred megabytes for a million. So only the first
characters of an id are kept, and the row says the rest; and new ones stand in a small table of their own
until they are moved, in order and many a page, beside the event loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

import msgspec

from client.session.store.sqlcipher import Database

CREATE = (
    """CREATE TABLE new_event_ids (
        beginning TEXT, position INTEGER, PRIMARY KEY (beginning, position)) WITHOUT ROWID""",
    """CREATE TABLE event_ids (
        beginning TEXT, position INTEGER, PRIMARY KEY (beginning, position)) WITHOUT ROWID""",
    "INSERT INTO event_ids SELECT substr(event_id, 2, 8), position FROM events ORDER BY 1, 2",
    "DROP INDEX events_by_id",
)
_MANY = 20_000
"""New ids that are worth moving."""
_LOT = 2_000
"""Ids that are moved in one transaction: whoever else writes waits for it, some milliseconds."""
_ADD = """INSERT OR IGNORE INTO new_event_ids
    SELECT substr(value ->> 0, 2, 8), value ->> 1 FROM json_each(?)"""
_FIND = """SELECT room_id, event_id, position FROM events WHERE position IN (
        SELECT position FROM new_event_ids WHERE beginning IN (SELECT substr(value, 2, 8) FROM json_each(?1))
        UNION ALL
        SELECT position FROM event_ids WHERE beginning IN (SELECT substr(value, 2, 8) FROM json_each(?1)))"""


def add(db: Database, placed: Iterable[tuple[str, int]]) -> None:
    """Note where events stand, by their ids, in the caller's transaction; what is noted already stays."""
    db.conn.execute(_ADD, [msgspec.json.encode(list(placed)).decode()])


def positions_of(db: Database, room_id: str, event_ids: Iterable[str]) -> dict[str, int]:
    """Return where those of some events of a room stand that are stored."""
    wanted = {(room_id, event_id) for event_id in event_ids}
    return {event_id: position for (_, event_id), position in positions_in_rooms(db, wanted).items()}


def positions_in_rooms(db: Database, wanted: Set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return where those of some events, by room and id, stand that are stored."""
    names = sorted({event_id for _, event_id in wanted})
    rows = db.conn.execute(_FIND, [msgspec.json.encode(names).decode()])
    return {(room, name): position for room, name, position in rows if (room, name) in wanted}


def position_of(db: Database, room_id: str, event_id: str) -> int | None:
    """Return where an event of a room stands, None when it is not stored."""
    return positions_of(db, room_id, [event_id]).get(event_id)


def move_new(db: Database, *, many: int = _MANY) -> None:
    """Move the new ids to the others once there are `many`, in transactions of their own."""
    if db.execute("SELECT count(*) FROM new_event_ids").fetchone()[0] < many:
        return
    while _move_lot(db):
        pass


def _move_lot(db: Database) -> bool:
    """Move the first ones in the order of the ids; return whether there were any."""
    with db.atomic():
        query = "SELECT beginning, position FROM new_event_ids ORDER BY beginning, position LIMIT ?"
        lot = db.conn.execute(query, [_LOT]).fetchall()
        db.conn.executemany("INSERT OR IGNORE INTO event_ids VALUES (?, ?)", lot)
        db.conn.executemany("DELETE FROM new_event_ids WHERE beginning = ? AND position = ?", lot)
    return bool(lot)
