"""Where what is fetched late belongs among what is stored.

A walk meets a room's history in the server's order, newest first, and in that order what one sender said is
as it was sent. A sync, though, tells of things as the server hears of them: after an outage our side's
messages are stored long before those of the other side that the server puts between them. So two rules:

- A sender's messages always stand in the server's order. What is new stands below all of that sender's that
  the walk has met and above all of theirs that it has not; this goes before everything else.
- Within that it stands below all that the walk has met behind the gap, above what was stored before the gap
  opened: a person reads on there. Only what belongs before a message that they have seen stands further up.

What a walk has met of each sender is kept with the gap: a process that dies goes on with it.

One case is left: a sync's answer that was on its way while a page with a later message of the same sender was
stored, and that does not have that one yet. Its message then stands behind the later one.
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
from client.session.store.timeline import RESERVED, SHIFT, NewEvent, Timeline

_AWHILE = 600_000
"""Milliseconds: what is so much older than its gap stands half as far behind it as what is not."""
_STEP, _SHARE = 1 << 12, 1 << 13
"""Positions between events that no time is right for; at most this part of the room that there is."""
_ABOVE = 1 << 20
"""Positions that are left free above such events, at most."""
_PART = 64
"""Such a part of the room is left free on either side, whatever the times say: some are written by hand."""
_FEW = 16
"""Positions that are left free beside an event, where so many can be: more may come."""


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
        below = gap.below
        new: list[tuple[int, NewEvent]] = []
        for event, ahead in zip(page, _further_down(page, known, gap.lower), strict=True):
            position = known.get(event.event_id)
            if position is None:
                ceiling = met.get(event.sender)
                if ceiling is None:
                    ceiling = slots.next_of(event.sender, gap.top if ahead.older is None else ahead.older)
                position = slots.take(event, ceiling, below, ahead)
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


class _Ahead(NamedTuple):
    """What follows an event on its page, further down.

    `older` is where the next stored one of its sender stands; `run` events are new, itself among them, until
    one that stands behind the gap already, with which the run `ends` if there is one on the page.
    """

    older: int | None
    run: int
    ends: bool


def _further_down(page: Sequence[NewEvent], known: dict[str, int], lower: int) -> list[_Ahead]:
    found: list[_Ahead] = []
    latest: dict[str, int] = {}
    run, ends = 0, False
    for event in reversed(page):
        position = known.get(event.event_id)
        if position is None:
            run += 1
        elif position > lower:
            run, ends = 0, True
        found.append(_Ahead(latest.get(event.sender), run, ends))
        if position is not None:
            latest[event.sender] = position
    return found[::-1]


class _Slots:
    """The free positions of a room while a page is being placed."""

    def __init__(self, db: Database, timeline: Timeline, gap: OpenGap) -> None:
        self._db = db
        self._timeline = timeline
        self._room_id = gap.room_id
        self._taken: list[int] = []
        """Positions that were given to events of this page, ascending."""
        self._times: dict[int, int] = {}
        """When those were sent."""
        self._last = gap.below
        self._now = int(time.time() * 1000)

    def next_of(self, sender: str, position: int) -> int:
        """Return where the first event of a sender after a position stands."""
        query = "SELECT position FROM events WHERE room_id = ? AND position > ? AND sender = ?"
        row = self._db.execute(
            f"{query} ORDER BY position LIMIT 1", [self._room_id, position, sender]
        ).fetchone()
        return END if row is None else row[0]

    def take(self, event: NewEvent, ceiling: int, below: int, ahead: _Ahead) -> int:
        """Return the position of a new event: below `ceiling`, and below `below` where that can be."""
        if below < ceiling:
            older = self._last_of(event.sender, below, ceiling)
            ceiling = below if older is None else self._after(older)
        gap = self._gap_before(ceiling)
        floor = max(self._before(ceiling), gap)
        if ceiling == END:
            ceiling = max(floor + 2 * RESERVED, (self._now + 1) << SHIFT)
        natural = _behind(gap, min(max(event.sent_at, 0), self._now) << SHIFT)
        # What lies between where the gap begins and the first event behind it is not known yet.
        share = None if floor == gap else self._share(floor, event.sent_at, ceiling)
        self._last = self._within(floor, ceiling, natural, share, ahead)
        self._times[self._last] = event.sent_at
        bisect.insort(self._taken, self._last)
        return self._last

    def _within(self, floor: int, ceiling: int, natural: int, share: float | None, ahead: _Ahead) -> int:
        """Return a free position between two: that of the event's time, if it lies there.

        Time is the same whenever an event is found. Else its time shares out the room between its neighbours;
        where theirs is of no use either, room is left free on either side, and what follows in the server's
        order follows close by. Where none is left, as after dozens of finds each between the last and what
        was there, an event stands too far up; it is not lost.
        """
        room = ceiling - floor
        beside = max(min(room // 4, _FEW), 1)
        if floor + beside <= natural <= ceiling - beside:
            position = natural
        elif share is not None:
            least = max(room // _PART, beside)
            position = floor + min(max(int(room * share), least), room - least)
        elif ceiling == self._last:
            step = room // (3 * ahead.run)
            if not ahead.ends:
                step = min(step, max(room // _SHARE, _FEW), _STEP)
            position = ceiling - max(step, 1)
        else:
            position = ceiling - max(min(room // 3, _ABOVE), 1)
        distance = 1
        while self._is_taken(position):
            position -= distance
            distance *= 2
        return position

    def _share(self, floor: int, sent_at: int, ceiling: int) -> float | None:
        """Return how far a time lies between those of two neighbours; None where it does not."""
        began, ended = self._sent_at(floor), self._sent_at(ceiling)
        if began is None or ended is None or not began < sent_at < ended:
            return None
        return (sent_at - began) / (ended - began)

    def _sent_at(self, position: int) -> int | None:
        if position in self._times:
            return self._times[position]
        query = "SELECT sent_at FROM events WHERE position = ?"
        row = self._db.execute(query, [position]).fetchone()
        return None if row is None else row[0]

    def _is_taken(self, position: int) -> bool:
        at = bisect.bisect_left(self._taken, position)
        return self._taken[at : at + 1] == [position] or self._timeline.is_taken(position)

    def _gap_before(self, position: int) -> int:
        """Return behind which gap a position lies, closed or not; 0 where it lies behind none."""
        query = "SELECT max(position) FROM reserved WHERE room_id = ? AND position < ?"
        return self._db.execute(query, [self._room_id, position]).fetchone()[0] or 0

    def _before(self, position: int) -> int:
        """Return where the last event before a position stands, 0 where there is none."""
        query = "SELECT max(position) FROM events WHERE room_id = ? AND position < ?"
        stored: int | None = self._db.execute(query, [self._room_id, position]).fetchone()[0]
        at = bisect.bisect_left(self._taken, position)
        return max(stored or 0, self._taken[at - 1] if at else 0)

    def _after(self, position: int) -> int:
        """Return where the first event after a position stands."""
        query = "SELECT min(position) FROM events WHERE room_id = ? AND position > ?"
        stored: int | None = self._db.execute(query, [self._room_id, position]).fetchone()[0]
        at = bisect.bisect_right(self._taken, position)
        return min(stored or END, self._taken[at] if at < len(self._taken) else END)

    def _last_of(self, sender: str, lowest: int, ceiling: int) -> int | None:
        """Return where the last event of a sender from a position up to another stands."""
        query = (
            "SELECT position FROM events WHERE room_id = ? AND position >= ? AND position < ? AND sender = ?"
        )
        row = self._db.execute(
            f"{query} ORDER BY position DESC LIMIT 1", [self._room_id, lowest, ceiling, sender]
        ).fetchone()
        return None if row is None else row[0]


def _behind(gap: int, natural: int) -> int:
    """Return where an event of a time stands behind a gap: what is older stands there too, in its order.

    The room that is kept free holds all the time before it, the more closely the longer ago; a quarter of it
    is left for events that no time is right for.
    """
    age = (gap + RESERVED - natural) >> SHIFT
    if age <= 0:
        return natural
    return gap + RESERVED // 4 + RESERVED // 4 * 3 * _AWHILE // (_AWHILE + age)
