"""Gaps: where something of a room's timeline is still to be fetched, kept until it is.

A gap lies after the event at `lower` and before the first event behind that. It is filled backwards, a page
at a time, each with where the next one begins in one transaction; positions for what it holds are kept free.
One gap of a room is filled at a time, so one walk goes through a room.
"""

from __future__ import annotations

from collections.abc import Sequence

from client.session.events import Gap
from client.session.store.event_ids import position_of
from client.session.store.open_gap import END, OpenGap
from client.session.store.placing import Filled, Placing
from client.session.store.sqlcipher import Database
from client.session.store.timeline import NewEvent, Timeline

MOST_MISSED = 100_000
MOST_WHILE_AWAY = 10_000
MOST_OF_NEW_ROOM = 1_000
"""Events that are fetched unasked: what a member missed, what a former one may see, a new room's past."""


_COLUMNS = "room_id, lower, token, fetched, most, top, below"


class GapStore:
    """The gaps of one store. Writing is for the caller's transaction."""

    def __init__(self, db: Database, timeline: Timeline) -> None:
        self._db = db
        self._timeline = timeline
        self._placing = Placing(db, timeline)
        self.opened = 0
        """How many gaps this process has opened so far."""

    def open(self, room_id: str, most: int) -> None:
        """Note that events are missing after all that is stored; call it before more is."""
        self.opened += 1
        end = self._timeline.end_of(room_id)
        self._db.execute("INSERT OR IGNORE INTO reserved VALUES (?, ?)", [room_id, end])
        self._db.execute(
            "INSERT OR REPLACE INTO gaps"
            " (room_id, lower, token, fetched, most, held, trouble, refused, top, below, began)"
            " SELECT ?1, ?2, '', 0, ?3,"
            " NOT EXISTS (SELECT 1 FROM gaps WHERE room_id = ?1 AND NOT held), NULL, 0, ?4, ?4, ?5",
            [room_id, end, most, END, self._timeline.arrived()],
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

    def fill(self, gap: OpenGap, events: Sequence[NewEvent]) -> Filled:
        """Store what is new of a page of the walk, which is given newest first."""
        return self._placing.fill(gap, events)

    def is_from_before(self, gap: OpenGap, event_id: str) -> bool:
        """Return whether an event was stored before the gap opened."""
        position = position_of(self._db, gap.room_id, event_id)
        return position is not None and position <= gap.lower

    def oldest_before(self, gap: OpenGap) -> str | None:
        """Return the id of the room's first event, None where there is none before the gap."""
        query = "SELECT event_id FROM events WHERE room_id = ? AND position <= ? ORDER BY position LIMIT 1"
        row = self._db.execute(query, [gap.room_id, gap.lower]).fetchone()
        return None if row is None else row[0]

    def senders_behind(self, gap: OpenGap) -> list[str]:
        """Return who wrote what the room has behind the gap."""
        query = "SELECT DISTINCT sender FROM events WHERE room_id = ? AND position > ?"
        return [sender for (sender,) in self._db.execute(query, [gap.room_id, gap.lower])]

    def advance(self, gap: OpenGap, token: str, fetched: int, below: int) -> None:
        """Note where the next page of the walk begins, and how low it has got behind the gap."""
        self._db.execute(
            "UPDATE gaps SET token = ?, fetched = fetched + ?, top = ?, below = ?, trouble = NULL"
            " WHERE room_id = ? AND lower = ?",
            [token, fetched, gap.top, below, gap.room_id, gap.lower],
        )

    def begin_again(self, gap: OpenGap) -> None:
        """Note that another walk is to go through the gap."""
        self._db.execute(
            "UPDATE gaps SET token = '', fetched = 0, below = ?, trouble = NULL"
            " WHERE room_id = ? AND lower = ?",
            [END, gap.room_id, gap.lower],
        )
        self._placing.forget(gap.room_id)

    def close(self, gap: OpenGap) -> None:
        """Note that nothing is missing there any more."""
        self._release(gap)
        self._db.execute("DELETE FROM gaps WHERE room_id = ? AND lower = ?", [gap.room_id, gap.lower])
        self._placing.forget(gap.room_id)

    def give_up(self, gap: OpenGap, trouble: str, *, for_good: bool) -> None:
        """Note why a gap is not filled now, `for_good`: not by this process; nothing waits behind it."""
        self.hold_nothing(gap)
        self._db.execute(
            "UPDATE gaps SET trouble = ?, refused = ? WHERE room_id = ? AND lower = ?",
            [trouble, for_good, gap.room_id, gap.lower],
        )

    def hold_nothing(self, gap: OpenGap) -> None:
        """Let what lies behind a gap wait no longer, though something may still be missing."""
        self._release(gap)
        self._db.execute("UPDATE gaps SET held = 0 WHERE room_id = ?", [gap.room_id])

    def try_refused_again(self) -> None:
        """Let what an earlier process was refused be asked for again."""
        self._db.execute("UPDATE gaps SET refused = 0")

    def _release(self, gap: OpenGap) -> None:
        """Let what the room has learnt since the gap opened arrive: nobody was told of it."""
        query = "SELECT held, began FROM gaps WHERE room_id = ? AND lower = ?"
        row = self._db.execute(query, [gap.room_id, gap.lower]).fetchone()
        if row and row[0]:
            self._timeline.arrive_again(gap.room_id, row[1])
