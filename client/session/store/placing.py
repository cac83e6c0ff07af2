"""Where what is fetched late belongs among what is stored.

A walk meets a room's history in the server's order, newest first, and in that order what one sender said is
as it was sent. A sync, though, tells of things as the server hears of them: after an outage our side's
messages are stored long before those of the other side that the server puts between them. So two rules:

- A sender's messages always stand in the server's order. What is new stands below all of that sender's that
  the walk has met and above all of theirs that it has not; this goes before everything else.
- Within that it stands below all that the walk has met behind the gap, above what was stored before the gap
  opened: a person reads on there. Only what belongs before a message that they have seen stands further up.

What a walk has met of each sender is kept with the gap: a process that dies goes on with it.
"""

from __future__ import annotations

import bisect
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from client.session.events import TimelineEvent
from client.session.store.open_gap import END, OpenGap
from client.session.store.sqlcipher import Database
from client.session.store.timeline import APART, RESERVED, SHIFT, NewEvent, Timeline

_SHARE, _SHARE_OF_GAP = 1 << 10, 1 << 13
"""Which part of the room between two events is left free beside each that is put there: more may come."""
_FEW = 16
"""Positions that are left free beside an event, where so many can be, however little room there is."""


class Filled(NamedTuple):
    """What a page brought: the events that were new, oldest first, and how low it got behind the gap."""

    events: list[TimelineEvent]
    below: int


class Placing:
    """Stores pages of walks. Writing is for the caller's transaction."""

    def __init__(self, db: Database, timeline: Timeline) -> None:
        self._db = db
        self._timeline = timeline

    def fill(self, gap: OpenGap, events: Sequence[NewEvent]) -> Filled:
        """Store what is new of a page of a walk, which is given newest first."""
        page = list({event.event_id: event for event in events}.values())
        known = self._timeline.positions_of(gap.room_id, [event.event_id for event in page])
        met = self._met(gap.room_id, {event.sender for event in page})
        slots = _Slots(self._db, self._timeline, gap)
        below, missing = gap.below, len(page) - len(known)
        new: list[tuple[int, NewEvent]] = []
        for event, older in zip(page, _next_of_sender(page, known), strict=True):
            position = known.get(event.event_id)
            if position is None:
                ceiling = met.get(event.sender)
                if ceiling is None:
                    ceiling = slots.next_of(event.sender, gap.top if older is None else older)
                position = slots.take(event, ceiling, below, missing)
                missing -= 1
                new.append((position, event))
            met[event.sender] = min(position, met.get(event.sender, END))
            if position > gap.lower:
                below = min(position, below)
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO walked (room_id, sender, position) VALUES (?, ?, ?)",
            [(gap.room_id, sender, position) for sender, position in met.items()],
        )
        return Filled(self._timeline.place(sorted(new, key=lambda placed: placed[0])), below)

    def forget(self, room_id: str) -> None:
        """Begin another walk: nothing is met yet."""
        self._db.execute("DELETE FROM walked WHERE room_id = ?", [room_id])

    def _met(self, room_id: str, senders: Iterable[str]) -> dict[str, int]:
        """Return how far up the walk has come in what each of them said."""
        query = (
            "SELECT sender, position FROM walked"
            " WHERE room_id = ? AND sender IN (SELECT value FROM json_each(?))"
        )
        return dict(self._db.execute(query, [room_id, msgspec.json.encode(sorted(senders)).decode()]))


def _next_of_sender(page: Sequence[NewEvent], known: dict[str, int]) -> list[int | None]:
    """Return for each event where the next of its sender's stands that is further down and stored."""
    found: list[int | None] = []
    latest: dict[str, int] = {}
    for event in reversed(page):
        found.append(latest.get(event.sender))
        if event.event_id in known:
            latest[event.sender] = known[event.event_id]
    return found[::-1]


class _Slots:
    """The free positions of a room while a page is being placed."""

    def __init__(self, db: Database, timeline: Timeline, gap: OpenGap) -> None:
        self._db = db
        self._timeline = timeline
        self._gap = gap
        self._taken: list[int] = []
        """Positions that were given to events of this page, ascending."""
        self._now = int(time.time() * 1000)

    def next_of(self, sender: str, position: int) -> int:
        """Return where the first event of a sender after a position stands."""
        query = "SELECT position FROM events WHERE room_id = ? AND position > ? AND sender = ?"
        row = self._db.execute(
            f"{query} ORDER BY position LIMIT 1", [self._gap.room_id, position, sender]
        ).fetchone()
        return END if row is None else row[0]

    def take(self, event: NewEvent, ceiling: int, below: int, missing: int) -> int:
        """Return the position of an event that is new: below `ceiling`, and below `below` where that can be.

        `missing` events may have to share the room that there is, this one among them.
        """
        if below < ceiling:
            older = self._last_of(event.sender, below, ceiling)
            ceiling = below if older is None else self._after(older)
        floor = self._before(ceiling)
        if floor < self._gap.lower < ceiling:
            floor = self._gap.lower
        if ceiling == END:
            ceiling = max(floor + 2 * RESERVED, (self._now + 1) << SHIFT)
        position = self._within(floor, ceiling, event.sent_at, missing)
        bisect.insort(self._taken, position)
        return position

    def _within(self, floor: int, ceiling: int, sent_at: int, missing: int) -> int:
        """Return a free position between two: the event's time if it lies there, else close to the upper one.

        Where no room is left, which takes thousands of events that were found one between the others, an
        event stands where there is some: it is further up than it should, and not lost.
        """
        is_gap = floor == self._gap.lower
        room = ceiling - floor
        share = room // (_SHARE_OF_GAP if is_gap else _SHARE)
        apart = max(min(share, 1 << SHIFT), min(room // (2 * missing), _FEW), 1)
        natural = min(max(sent_at, 0), self._now) << SHIFT
        is_right = floor + (RESERVED if is_gap else APART) <= natural <= ceiling - apart
        position = natural if is_right else ceiling - apart
        while self._is_taken(position):
            position -= 1
        return position

    def _is_taken(self, position: int) -> bool:
        at = bisect.bisect_left(self._taken, position)
        return self._taken[at : at + 1] == [position] or self._timeline.is_taken(position)

    def _before(self, position: int) -> int:
        """Return where the last event before a position stands, 0 where there is none."""
        query = "SELECT max(position) FROM events WHERE room_id = ? AND position < ?"
        stored: int | None = self._db.execute(query, [self._gap.room_id, position]).fetchone()[0]
        at = bisect.bisect_left(self._taken, position)
        return max(stored or 0, self._taken[at - 1] if at else 0)

    def _after(self, position: int) -> int:
        """Return where the first event after a position stands."""
        query = "SELECT min(position) FROM events WHERE room_id = ? AND position > ?"
        stored: int | None = self._db.execute(query, [self._gap.room_id, position]).fetchone()[0]
        at = bisect.bisect_right(self._taken, position)
        return min(stored or END, self._taken[at] if at < len(self._taken) else END)

    def _last_of(self, sender: str, lowest: int, ceiling: int) -> int | None:
        """Return where the last event of a sender from a position up to another stands."""
        query = (
            "SELECT position FROM events WHERE room_id = ? AND position >= ? AND position < ? AND sender = ?"
        )
        row = self._db.execute(
            f"{query} ORDER BY position DESC LIMIT 1", [self._gap.room_id, lowest, ceiling, sender]
        ).fetchone()
        return None if row is None else row[0]
