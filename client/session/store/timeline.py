"""The timeline of every room: rows as they are shown, in the order in which they happened.

A position is (milliseconds << 18) + n: close to the time of the event and always after what the server put
before it, so that a sender whose clock is wrong moves nothing about.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from client.session.events import Json, TimelineEvent, Trust
from client.session.store import event_ids
from client.session.store.bulk import insert_rows
from client.session.store.edits import Edits
from client.session.store.message_text import new_text, replaced_event, text_of
from client.session.store.search_index import IndexRow, SearchIndex
from client.session.store.sqlcipher import Database

SHIFT = 18
_LATEST = 2**44
"""Milliseconds: the year 2527. A position must fit in 63 bits."""
APART = 1 << SHIFT
"""Positions (a millisecond) between two events that are told: what is fetched late may belong between."""
RESERVED = 1 << 32
"""Positions (16 seconds) that are kept free in a gap, twice over."""
_encode = msgspec.json.Encoder().encode
_COLUMNS = "position, room_id, event_id, sender, sent_at, type, content, body, trust, reason"
_INSERT = (
    "INSERT INTO events (position, arrived, room_id, event_id, sender, sent_at, type, content, body, trust,"
    " reason, session_id, message_index, sealed, replaces)"
)


class NewEvent(msgspec.Struct, frozen=True):
    """An event about to be stored. `sealed` is the content of one that could not be read yet."""

    room_id: str
    event_id: str
    sender: str
    sent_at: int
    type: str
    content: dict[str, Json]
    trust: Trust
    reason: str | None = None
    session_id: str | None = None
    message_index: int | None = None
    sealed: bytes | None = None


@dataclass(frozen=True)
class SealedEvent:
    """A stored event whose key may still come."""

    position: int
    event_id: str
    sender: str
    sent_at: int
    sealed: bytes


def position_of(milliseconds: int) -> int:
    """Return the first position of what happens from a time on, in milliseconds since 1970 UTC."""
    return min(max(milliseconds, 0), _LATEST) << SHIFT


class Timeline:
    """Reads and writes events, and their index with them; writing is for the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.index = SearchIndex(db)
        self._edits = Edits(db, self.index)

    def positions_of(self, room_id: str, names: Iterable[str]) -> dict[str, int]:
        """Return where those of some events stand, by their ids, that are stored."""
        return event_ids.positions_of(self._db, room_id, names)

    def has_any(self, room_id: str) -> bool:
        """Return whether anything of a room is stored."""
        row = self._db.execute("SELECT 1 FROM events WHERE room_id = ? LIMIT 1", [room_id]).fetchone()
        return row is not None

    def message_indices(self, room_id: str, session_id: str) -> set[int]:
        """Return the Megolm message indices of the events of a session that could be read."""
        query = "SELECT message_index FROM events WHERE room_id = ? AND session_id = ? AND message_index >= 0"
        return {index for (index,) in self._db.execute(query, [room_id, session_id])}

    def sessions_after(self, room_id: str, position: int) -> list[str]:
        """Return the ids of the Megolm sessions of what a room has after a position."""
        query = (
            "SELECT DISTINCT session_id FROM events"
            " WHERE room_id = ? AND position > ? AND session_id IS NOT NULL"
        )
        return [session_id for (session_id,) in self._db.execute(query, [room_id, position])]

    def end_of(self, room_id: str) -> int:
        """Return after which position all that comes belongs; behind a gap room is left for what it holds."""
        return self._ends_of([room_id])[room_id]

    def append(self, events: Sequence[NewEvent]) -> list[TimelineEvent]:
        """Store events, each after all that its room has, oldest first; return those that were new."""
        named: dict[tuple[str, str], NewEvent] = {}
        for event in events:
            named.setdefault((event.room_id, event.event_id), event)
        known = event_ids.positions_in_rooms(self._db, named.keys())
        fresh = [event for name, event in named.items() if name not in known]
        return self._insert(self._made_unique(self._placed(fresh)), self.arrived())

    def place(self, placed: Sequence[tuple[int, NewEvent]]) -> list[TimelineEvent]:
        """Store events at positions that are free."""
        return self._insert(placed, self.arrived())

    def is_taken(self, position: int) -> bool:
        """Return whether an event of any room stands at a position."""
        query = "SELECT 1 FROM events WHERE position = ?"
        return self._db.conn.execute(query, [position]).fetchone() is not None

    def arrive_again(self, room_id: str, since: int) -> None:
        """Let what a room has learnt since then count as having arrived now, in its order."""
        query = "SELECT position FROM events WHERE room_id = ? AND arrived > ? ORDER BY position"
        positions = [position for (position,) in self._db.execute(query, [room_id, since])]
        self._db.conn.executemany(
            "UPDATE events SET arrived = ? WHERE position = ?",
            list(enumerate(positions, self.arrived() + 1)),
        )

    def heal(self, position: int, event: NewEvent) -> TimelineEvent:
        """Replace a sealed event by what it turned out to say; it counts as having arrived now."""
        arrived = self.arrived()  # it may be the last that has arrived itself
        self._db.execute("DELETE FROM events WHERE position = ?", [position])
        self.index.remove([position])  # an edit of it may have come before
        return self._insert([(position, event)], arrived)[0]

    def sealed(self, room_id: str, session_id: str) -> list[SealedEvent]:
        """Return the events of a room that wait for the key of a session."""
        query = (
            "SELECT position, event_id, sender, sent_at, sealed FROM events"
            " WHERE room_id = ? AND session_id = ? AND sealed IS NOT NULL ORDER BY position"
        )
        return [SealedEvent(*row) for row in self._db.execute(query, [room_id, session_id])]

    def waiting(self) -> list[tuple[str, str]]:
        """Return (room id, session id) of the keys that events wait for, those of the newest events first."""
        query = (
            "SELECT room_id, session_id FROM events WHERE sealed IS NOT NULL AND session_id IS NOT NULL"
            " GROUP BY room_id, session_id ORDER BY max(position) DESC"
        )
        return [(room_id, session_id) for room_id, session_id in self._db.execute(query)]

    def doubtful(self, sender: str) -> list[tuple[int, str, str]]:
        """Return (position, room id, session id) of a sender's events that came from an unproven device."""
        query = (
            "SELECT position, room_id, session_id FROM events"
            " WHERE sender = ? AND trust = 'unsigned-device' ORDER BY position"
        )
        return [(position, room, session) for position, room, session in self._db.execute(query, [sender])]

    def reassess(self, position: int, trust: Trust, reason: str | None) -> TimelineEvent:
        """Note that an event's sender is believed otherwise now; it counts as having arrived now."""
        self._db.execute(
            "UPDATE events SET trust = ?, reason = ?, arrived = ? WHERE position = ?",
            [trust.value, reason, self.arrived() + 1, position],
        )
        event = self._at([position])[0]
        target = replaced_event(event.content)
        if target is not None:
            self._edits.settle(event.room_id, target)
        elif self._edits.edited_among([(event.room_id, event.event_id)]):
            self._edits.settle(event.room_id, event.event_id)
        return event

    def redact(self, room_id: str, event_id: str) -> list[TimelineEvent]:
        """Empty an event that was redacted, and what its sender wrote to replace it; return those stored."""
        position = event_ids.position_of(self._db, room_id, event_id)
        if position is None:
            return []
        query = "SELECT sender, replaces FROM events WHERE position = ?"
        sender, target = self._db.conn.execute(query, [position]).fetchone()
        positions = [position, *self._edits.of(room_id, event_id, sender)]
        self._db.conn.execute(
            "UPDATE events SET content = '{}', body = NULL, sealed = NULL, edited_by = NULL,"
            " reason = 'It was redacted.' WHERE position IN (SELECT value FROM json_each(?))",
            [_listed(positions)],
        )
        self.index.remove(positions)
        if target is not None:
            self._edits.settle(room_id, target)
        return self._at(positions)

    def event(self, room_id: str, event_id: str) -> TimelineEvent | None:
        """Return one event, or None when it is not stored."""
        position = event_ids.position_of(self._db, room_id, event_id)
        return None if position is None else self._at([position])[0]

    def page(self, room_id: str, before: int | None, limit: int) -> list[TimelineEvent]:
        """Return at most `limit` events of a room that precede `before`, oldest first."""
        query = (
            f"SELECT {_COLUMNS} FROM events WHERE room_id = ? AND position < ?"  # noqa: S608 # fixed columns
            " ORDER BY position DESC LIMIT ?"
        )
        rows = self._db.execute(query, [room_id, 2**63 - 1 if before is None else before, limit]).fetchall()
        return [_event(row) for row in reversed(rows)]

    def arrived_after(self, start: int) -> tuple[list[TimelineEvent], int]:
        """Return what can be told of all that has arrived after `start`, in order, and up to where that is.

        What a room learns while a gap of it is being filled waits until all of that can be told in order.
        """
        query = (
            f"SELECT {_COLUMNS}, arrived FROM events WHERE arrived > ? AND NOT EXISTS (SELECT 1 FROM gaps"  # noqa: S608 # fixed columns
            " WHERE held AND gaps.room_id = events.room_id AND began < arrived) ORDER BY arrived"
        )
        rows = self._db.execute(query, [start]).fetchall()
        return [_event(found[:-1]) for found in rows], rows[-1][-1] if rows else start

    def arrived(self) -> int:
        """Return how much this store has learnt."""
        arrived: int | None = self._db.conn.execute("SELECT max(arrived) FROM events").fetchone()[0]
        return arrived or 0

    def _at(self, positions: Iterable[int]) -> list[TimelineEvent]:
        query = (
            f"SELECT {_COLUMNS} FROM events"  # noqa: S608 # fixed columns
            " WHERE position IN (SELECT value FROM json_each(?)) ORDER BY position"
        )
        return [_event(row) for row in self._db.conn.execute(query, [_listed(positions)])]

    def _ends_of(self, rooms: Iterable[str]) -> dict[str, int]:
        query = (
            "SELECT value, max(coalesce((SELECT max(position) FROM events WHERE room_id = value), 0),"
            " coalesce((SELECT max(lower) + ? FROM gaps WHERE room_id = value), 0)) FROM json_each(?)"
        )
        return dict(self._db.conn.execute(query, [2 * RESERVED, _listed(rooms)]).fetchall())

    def _placed(self, events: Sequence[NewEvent]) -> list[tuple[int, NewEvent]]:
        """Give every event the position that it would have were its room alone."""
        last = self._ends_of({event.room_id for event in events})
        latest = int(time.time() * 1000)
        placed = []
        for event in events:
            own_time = min(max(event.sent_at, 0), latest) << SHIFT
            position = max(last[event.room_id] + APART, own_time + _apart(event.room_id))
            last[event.room_id] = position
            placed.append((position, event))
        return placed

    def _made_unique(self, placed: list[tuple[int, NewEvent]]) -> list[tuple[int, NewEvent]]:
        """Move what has the position of another event, of whatever room, by as little as can be."""
        query = "SELECT position FROM events WHERE position IN (SELECT value FROM json_each(?))"
        wanted = {position for position, _ in placed}
        taken = {row[0] for row in self._db.conn.execute(query, [_listed(wanted)])}
        if not taken and len(wanted) == len(placed):
            return placed
        unique: list[tuple[int, NewEvent]] = []
        last: dict[str, int] = {}
        for position, event in placed:
            position = max(position, last.get(event.room_id, 0) + 1)
            # Of those that were wanted it is known already whether they are taken.
            while position in taken or (position not in wanted and self.is_taken(position)):
                position += 1
            taken.add(position)
            last[event.room_id] = position
            unique.append((position, event))
        return unique

    def _insert(self, placed: Sequence[tuple[int, NewEvent]], arrived: int) -> list[TimelineEvent]:
        stored: list[TimelineEvent] = []
        texts: list[IndexRow] = []
        edits: dict[tuple[str, str], list[IndexRow]] = {}

        def rows() -> Iterator[tuple[object, ...]]:
            for number, (position, event) in enumerate(placed, arrived + 1):
                body = event.content.get("body")
                text = body if isinstance(body, str) and event.type == "m.room.message" else None
                target = None if text is None else replaced_event(event.content)
                if target is not None:
                    edit = IndexRow(position, new_text(event.content), event.room_id, event.sender)
                    edits.setdefault((event.room_id, target), []).append(edit)
                elif text is not None:
                    shown = text_of(event.content, text)
                    texts.append(IndexRow(position, shown, event.room_id, event.sender))
                stored.append(_stored(position, event, text))
                yield _row(position, number, event, text, target)

        insert_rows(self._db, _INSERT, rows())
        event_ids.add(self._db, ((event.event_id, position) for position, event in placed))
        self.index.add(sorted(texts, key=lambda row: row.position))
        new = [(event.room_id, event.event_id) for _, event in placed]
        for room_id, event_id in self._edits.edited_among(new):
            self._edits.adopt(room_id, event_id)
        for (room_id, event_id), found in edits.items():
            self._edits.add(room_id, event_id, found)
        return stored


def _apart(room_id: str) -> int:
    """Return by how much the positions of a room are off the millisecond: so rooms seldom want the same."""
    return zlib.crc32(room_id.encode("utf-8", "replace")) % APART


def _listed(values: Iterable[str | int]) -> str:
    return _encode(list(values)).decode()


def _row(
    position: int, arrived: int, event: NewEvent, body: str | None, replaces: str | None
) -> tuple[object, ...]:
    return (
        position,
        arrived,
        event.room_id,
        event.event_id,
        event.sender,
        event.sent_at,
        event.type,
        _encode(event.content),
        body,
        event.trust.value,
        event.reason,
        event.session_id,
        event.message_index,
        event.sealed,
        replaces,
    )


def _stored(position: int, event: NewEvent, body: str | None) -> TimelineEvent:
    return TimelineEvent(
        position=position,
        room_id=event.room_id,
        event_id=event.event_id,
        sender=event.sender,
        sent_at=event.sent_at,
        type=event.type,
        content=event.content,
        body=body,
        trust=event.trust,
        reason=event.reason,
    )


def _event(row: tuple[int, str, str, str, int, str, bytes, str | None, str, str | None]) -> TimelineEvent:
    position, room_id, event_id, sender, sent_at, type, content, body, trust, reason = row
    return TimelineEvent(
        position=position,
        room_id=room_id,
        event_id=event_id,
        sender=sender,
        sent_at=sent_at,
        type=type,
        content=msgspec.json.decode(content, type=dict[str, Json]),
        body=body,
        trust=Trust(trust),
        reason=reason,
    )
