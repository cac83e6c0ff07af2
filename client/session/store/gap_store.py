"""Gaps: where something of a room's timeline is still to be fetched, kept until it is.

A gap lies after the event at `lower` and before the first event behind that. It is filled backwards, a page
at a time, each with where the next one begins in one transaction; positions for what it holds are kept free.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from client.session.events import Gap, TimelineEvent
from client.session.store.sqlcipher import Database
from client.session.store.timeline import RESERVED, SHIFT, NewEvent, Timeline

MOST_MISSED = 100_000
MOST_WHILE_AWAY = 10_000
MOST_OF_NEW_ROOM = 1_000
"""Events that are fetched unasked: what a member missed, what a former one may see, a new room's past."""


@dataclass(frozen=True)
class OpenGap:
    """A gap. `token` is where its next page begins; `most` events are fetched for it."""

    room_id: str
    lower: int
    token: str
    fetched: int
    most: int


class Filled(NamedTuple):
    """What a page brought: the events that were new, oldest first, and the position of its last one."""

    events: list[TimelineEvent]
    below: int


_COLUMNS = "room_id, lower, token, fetched, most"


class GapStore:
    """The gaps of one store. Writing is for the caller's transaction."""

    def __init__(self, db: Database, timeline: Timeline) -> None:
        self._db = db
        self._timeline = timeline
        self.opened = 0
        """How many gaps this process has opened so far."""

    def open(self, room_id: str, token: str, most: int) -> None:
        """Note that events before `token` are missing after all that is stored; call it before more is."""
        self.opened += 1
        self._db.execute(
            "INSERT OR REPLACE INTO gaps (room_id, lower, token, fetched, most, held, trouble, refused)"
            " SELECT ?1, ?2, ?3, 0, ?4,"
            " NOT EXISTS (SELECT 1 FROM gaps WHERE room_id = ?1 AND NOT held), NULL, 0",
            [room_id, self._timeline.end_of(room_id), token, most],
        )

    def rooms(self) -> list[str]:
        """Return the rooms that have a gap which may be filled."""
        return [room for (room,) in self._db.execute("SELECT DISTINCT room_id FROM gaps WHERE NOT refused")]

    def rooms_held(self) -> int:
        """Return of how many rooms something is being fetched."""
        query = "SELECT count(DISTINCT room_id) FROM gaps WHERE held"
        count: int = self._db.execute(query).fetchone()[0]
        return count

    def oldest(self, room_id: str) -> OpenGap | None:
        """Return the gap of a room that is to be filled first: what a later one meets is known then."""
        query = f"SELECT {_COLUMNS} FROM gaps WHERE room_id = ? AND NOT refused ORDER BY lower LIMIT 1"  # noqa: S608 # fixed columns
        row = self._db.execute(query, [room_id]).fetchone()
        return None if row is None else OpenGap(*row)

    def of_room(self, room_id: str) -> list[Gap]:
        """Return the gaps of a room as people see them."""
        query = "SELECT lower, trouble FROM gaps WHERE room_id = ? ORDER BY lower"
        rows = self._db.execute(query, [room_id])
        return [Gap(room_id=room_id, position=lower, trouble=trouble) for lower, trouble in rows]

    def ceiling(self, gap: OpenGap) -> int:
        """Return the position below which what the gap holds belongs, as long as none of it is stored."""
        query = "SELECT min(position) FROM events WHERE room_id = ? AND position > ?"
        first: int | None = self._db.execute(query, [gap.room_id, gap.lower]).fetchone()[0]
        return first or max(gap.lower + 2 * RESERVED, (int(time.time() * 1000) + 1) << SHIFT)

    def fill(self, gap: OpenGap, events: Sequence[NewEvent], below: int) -> Filled:
        """Store what a gap held, newest first, below a position.

        What is there from an earlier walk stays, and shows where what is new belongs.
        """
        latest = int(time.time() * 1000)
        placed: dict[str, tuple[int, NewEvent]] = {}
        for event in events:
            if event.event_id in placed:
                continue
            stored = self._timeline.position_of(gap.room_id, event.event_id)
            if stored is not None:
                below = stored if gap.lower < stored < below else below
                continue
            natural = min(max(event.sent_at, 0), latest) << SHIFT
            below = natural if self._floor(gap, below) < natural < below else below - 1
            while self._timeline.is_taken(below):
                below -= 1
            placed[event.event_id] = (below, event)
        return Filled(self._timeline.place([*placed.values()][::-1]), below)

    def _floor(self, gap: OpenGap, below: int) -> int:
        """Return the position above which something new belongs that comes next below another."""
        query = "SELECT max(position) FROM events WHERE room_id = ? AND position > ? AND position < ?"
        found: int | None = self._db.execute(query, [gap.room_id, gap.lower, below]).fetchone()[0]
        return found or gap.lower + RESERVED

    def is_from_before(self, gap: OpenGap, event_id: str) -> bool:
        """Return whether an event was stored before the gap opened."""
        query = "SELECT 1 FROM events WHERE room_id = ? AND event_id = ? AND position <= ?"
        return self._db.execute(query, [gap.room_id, event_id, gap.lower]).fetchone() is not None

    def oldest_before(self, gap: OpenGap) -> str | None:
        """Return the id of the room's first event, None where there is none before the gap."""
        query = "SELECT event_id FROM events WHERE room_id = ? AND position <= ? ORDER BY position LIMIT 1"
        row = self._db.execute(query, [gap.room_id, gap.lower]).fetchone()
        return None if row is None else row[0]

    def senders_behind(self, gap: OpenGap) -> list[str]:
        """Return who wrote what the room has behind the gap."""
        query = "SELECT DISTINCT sender FROM events WHERE room_id = ? AND position > ?"
        return [sender for (sender,) in self._db.execute(query, [gap.room_id, gap.lower])]

    def advance(self, gap: OpenGap, token: str, fetched: int) -> None:
        """Note where the next page begins."""
        self._db.execute(
            "UPDATE gaps SET token = ?, fetched = fetched + ?, trouble = NULL"
            " WHERE room_id = ? AND lower = ?",
            [token, fetched, gap.room_id, gap.lower],
        )

    def close(self, gap: OpenGap) -> None:
        """Note that nothing is missing there any more."""
        self._release(gap)
        self._db.execute("DELETE FROM gaps WHERE room_id = ? AND lower = ?", [gap.room_id, gap.lower])

    def give_up(self, gap: OpenGap, trouble: str, *, for_good: bool) -> None:
        """Note why a gap is not filled now, `for_good`: not by this process; nothing waits behind it."""
        self._release(gap)
        self._db.execute(
            "UPDATE gaps SET trouble = ?, refused = ? WHERE room_id = ? AND lower = ?",
            [trouble, for_good, gap.room_id, gap.lower],
        )
        self._db.execute("UPDATE gaps SET held = 0 WHERE room_id = ?", [gap.room_id])

    def try_refused_again(self) -> None:
        """Let what an earlier process was refused be asked for again."""
        self._db.execute("UPDATE gaps SET refused = 0")

    def _release(self, gap: OpenGap) -> None:
        """Let what lies behind a gap arrive: nobody who reads in that order has been told of it."""
        query = "SELECT held FROM gaps WHERE room_id = ? AND lower = ?"
        row = self._db.execute(query, [gap.room_id, gap.lower]).fetchone()
        if row and row[0]:
            self._timeline.arrive_again(gap.room_id, gap.lower)
