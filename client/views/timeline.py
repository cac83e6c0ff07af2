"""A window over one room's timeline: it loads older events, takes new ones, heals what is decrypted later."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from client.session.events import TimelineEvent, Trust
from client.session.face import Session
from client.views.markers import Marker, gap_marker, unsent_marker
from client.views.timeline_row import RowMaker, TimelineRow, shown


@dataclass(frozen=True)
class Splice:
    """One change of the rows: from `start` on, `removed` rows make way for `rows`."""

    start: int
    removed: int
    rows: tuple[TimelineRow, ...]

    @property
    def added(self) -> int:
        """How many rows there are more than before."""
        return len(self.rows) - self.removed


class TimelineWindow:
    """The part of one room's timeline that has been loaded, as rows.

    Every change is returned as splices, to be applied in order by whoever draws the rows.
    """

    def __init__(self, session: Session, room_id: str, maker: RowMaker, *, page: int = 100) -> None:
        self.room_id = room_id
        self.complete = False
        """True once the oldest stored event has been loaded."""
        self._session = session
        self._maker = maker
        self._page = page
        self._oldest: int | None = None
        self._events: list[TimelineEvent] = []
        self._positions: list[int] = []
        self._position_of: dict[str, int] = {}
        self._revisions: dict[str, int] = {}
        self._rows: list[TimelineRow] = []
        self._markers: dict[str, Marker] = {}

    @property
    def rows(self) -> Sequence[TimelineRow]:
        """The rows, oldest first."""
        return self._rows

    def event(self, event_id: str) -> TimelineEvent | None:
        """Return a loaded event."""
        index = self._index(event_id)
        return None if index is None else self._events[index]

    def newest(self, kind: str) -> TimelineEvent | None:
        """Return the newest loaded event whose row is of that kind."""
        for event, row in zip(reversed(self._events), reversed(self._rows), strict=True):
            if row.kind == kind:
                return event
        return None

    async def load_older(self) -> list[Splice]:
        """Load the page before the oldest event: the first call loads the newest page."""
        page = await self._session.timeline(self.room_id, before=self._oldest, limit=self._page)
        await self._maker.people.learn(self._session, _attested_senders(page))
        self.complete = not page
        if page:
            self._oldest = page[0].position
        new = [event for event in page if shown(event) and event.event_id not in self._position_of]
        if new and (not self._positions or new[-1].position < self._positions[0]):
            return [self._put(0, 0, new)]
        return [splice for event in new if (splice := self.apply(event)) is not None]

    async def explain(self, event: TimelineEvent) -> Splice | None:
        """Say who an attested sender is, of whom nothing was known when the event came."""
        if not self._maker.people.unknown(_attested_senders([event])):
            return None
        await self._maker.people.learn(self._session, [event.sender])
        return self.apply(event)

    def apply(self, event: TimelineEvent) -> Splice | None:
        """Take one event: a new one finds its place, one that came before is replaced where it stands."""
        if event.room_id != self.room_id:
            return None
        index = self._index(event.event_id)
        if index is not None:
            healed = msgspec.structs.replace(event, position=self._positions[index])
            return self._put(index, 1, [healed] if shown(event) else [])
        if not shown(event):
            return None
        return self._put(bisect_right(self._positions, event.position), 0, [event])

    async def read_markers(self) -> list[Splice]:
        """Read what is no event of the room: the gaps in what is loaded, and what was not sent."""
        gaps = [gap_marker(gap) for gap in await self._session.gaps(self.room_id)]
        queued = [each for each in await self._session.queued() if each.room_id == self.room_id]
        unsent = [unsent_marker(message, n, self._session.user_id) for n, message in enumerate(queued)]
        wanted: list[Marker] = [*(gap for gap in gaps if self._is_loaded(gap.position)), *unsent]
        names = {marker.event_id for marker in wanted}
        gone = [i for name in self._markers if name not in names and (i := self._index(name)) is not None]
        changes = [self._put(index, 1, []) for index in sorted(gone, reverse=True)]
        known, self._markers = self._markers, {marker.event_id: marker for marker in wanted}
        changed = [marker for marker in wanted if marker != known.get(marker.event_id)]
        return [*changes, *(splice for marker in changed if (splice := self.apply(marker)) is not None)]

    def _is_loaded(self, position: int) -> bool:
        """Return whether what stands at a position is in the window, or before all that there is."""
        return self.complete or (self._oldest is not None and position >= self._oldest)

    def _index(self, event_id: str) -> int | None:
        position = self._position_of.get(event_id)
        if position is None:
            return None
        index = bisect_left(self._positions, position)
        while self._events[index].event_id != event_id:
            index += 1
        return index

    def _put(self, start: int, removed: int, events: Sequence[TimelineEvent]) -> Splice:
        """Replace events, and remake the row after them too: its day and its name depend on the one above."""
        for old in self._events[start : start + removed]:
            del self._position_of[old.event_id]
        self._events[start : start + removed] = events
        self._positions[start : start + removed] = [event.position for event in events]
        for event in events:
            self._position_of[event.event_id] = event.position
        after = 1 if start + len(events) < len(self._events) else 0
        rows = tuple(self._make(index) for index in range(start, start + len(events) + after))
        self._rows[start : start + removed + after] = rows
        return Splice(start, removed + after, rows)

    def _make(self, index: int) -> TimelineRow:
        event = self._events[index]
        revision = self._revisions.get(event.event_id, 0) + 1
        self._revisions[event.event_id] = revision
        return self._maker.row(event, self._events[index - 1] if index else None, revision)


def _attested_senders(events: Sequence[TimelineEvent]) -> set[str]:
    return {event.sender for event in events if event.trust is Trust.ATTESTED}
