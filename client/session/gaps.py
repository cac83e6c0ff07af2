"""Filling the gaps that `limited` timelines leave, beside the sync (Matrix spec, GET /messages).

After an outage our server tells of a gap before it has fetched itself what belongs there, and what it fetches
later comes in no sync: so while nothing is found, or with a hole, a gap is looked through again for a while.

Each room's gaps are filled by a task of their own, the oldest first, so that a server that is away holds up
neither another room nor what is new. A page is committed with where the next one begins: a process that dies
goes on there.

A walk begins at what the last sync told, not where its gap does: what the server has fetched late may belong
anywhere, and its place is known by what stands around it (`placing.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace

import msgspec

from client.session.continuity import has_hole
from client.session.errors import HomeserverRefused, HomeserverUnreachable, LimitExceeded, SessionError
from client.session.events import TimelineEvent
from client.session.gap_walk import GapWalk
from client.session.progress import Progress
from client.session.room_sync import Redaction
from client.session.store.gap_store import GapStore
from client.session.store.open_gap import OpenGap
from client.session.store.sqlcipher import Database
from client.session.store.timeline import NewEvent, Timeline
from client.session.sync_application import Applied, SyncApplication
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer

_log = logging.getLogger(__name__)
_PAGE = 100
_AT_ONCE = 4
"""Pages that are asked for at the same time."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 60.0
_PATIENCE = 4
"""Failures in a row after which a gap is shown as one, and what lies behind it waits no longer."""


_LOOK_AGAIN = (0.25, 0.5, 1.0, 2.0)
"""Seconds between two walks through a gap of which the server may still be fetching something."""
_LOOK_LATER = (4.0, 8.0, 16.0, 32.0)
"""Seconds between walks after those, while there is a hole: what lies behind the gap waits no longer."""


class _Messages(msgspec.Struct):
    chunk: list[msgspec.Raw] = []
    end: str | None = None


class _Course:
    """How one gap is being looked through: the walk, and the walks after it."""

    def __init__(self, walk: GapWalk) -> None:
        self.walk = walk
        self.pause = 0.0
        self._fruitless = 0
        """Pauses since something new was found."""
        self._has_had_hole = self._has_found = False

    def read_page(self, *, is_new: bool) -> None:
        """Note a page, and whether anything new was in it: if so, the server is still fetching."""
        self.pause = 0.0
        if is_new:
            self._fruitless = 0
            self._has_found = True

    def is_whole(self, *, has_hole: bool) -> bool:
        """Tell at the end of a walk that found something whether nothing is missing, for all one can see.

        After a hole whole sessions may be missing, which leave none: the last walk must have found nothing.
        """
        self._has_had_hole |= has_hole
        return not has_hole and not (self._has_had_hole and self._has_found)

    def begin_again(self, walk: GapWalk, *, has_hole: bool) -> bool:
        """Begin another walk after a pause; return False when there was enough of that."""
        pauses = (*_LOOK_AGAIN, *(_LOOK_LATER if has_hole else ()))
        if self._fruitless >= len(pauses):
            return False
        self.walk, self.pause = walk, pauses[self._fruitless]
        self._fruitless += 1
        self._has_found = False
        return True

    @property
    def takes_long(self) -> bool:
        """Whether the walks that follow are those far apart."""
        return self._fruitless > len(_LOOK_AGAIN)


class Gaps:
    """Fills the gaps of an open session.

    `begin_task` starts work in the session's own task group; `took_in` is given what a page brought,
    `changed` the id of a room whose gaps are others.
    """

    def __init__(
        self,
        db: Database,
        transport: Transport,
        application: SyncApplication,
        timeline: Timeline,
        store: GapStore,
        progress: Progress,
        begin_task: Callable[[Coroutine[None, None, None]], object],
        took_in: Callable[[Applied], None],
        changed: Callable[[str], None],
    ) -> None:
        self._db = db
        self._transport = transport
        self._application = application
        self._timeline = timeline
        self._store = store
        self._progress = progress
        self._begin_task = begin_task
        self._took_in = took_in
        self._changed = changed
        self._filling: set[str] = set()
        self._courses: dict[tuple[str, int], _Course] = {}
        self._highest: dict[str, int] = {}
        """Where the last of what was found in a room stands."""
        self._seen = -1
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    def resume(self) -> None:
        """Go on with what an earlier process left, once a sync is taken in: what was cut off comes again."""
        self._store.try_refused_again()
        self._progress.fetching(self._store.rooms_held())

    def fill(self) -> None:
        """Begin to fill the gaps that nobody fills yet; returns at once."""
        if self._store.opened == self._seen:
            return
        self._seen = self._store.opened
        for room_id in self._store.rooms():
            if room_id not in self._filling:
                self._filling.add(room_id)
                self._begin_task(self._fill_room(room_id))
                self._changed(room_id)
        self._progress.fetching(self._store.rooms_held())

    async def _fill_room(self, room_id: str) -> None:
        failures = 0
        try:
            while (gap := self._store.oldest(room_id)) is not None:
                try:
                    async with self._at_once:
                        pause = await self._fetch_page(gap)
                    failures = 0
                    await self._progress.pause(pause)
                except (HomeserverUnreachable, HomeserverRefused) as error:
                    failures += 1
                    await self._bear(gap, error, failures)
        finally:
            self._filling.discard(room_id)
            self._highest.pop(room_id, None)

    async def _fetch_page(self, gap: OpenGap) -> float:
        """Fetch and store one page; return after how many seconds the next may follow."""
        if not gap.token:
            token, top = await self._application.standing(gap.room_id)
            gap = replace(gap, token=token, top=top)
        query = {"dir": "b", "from": gap.token, "limit": str(_PAGE)}
        path = f"{CLIENT}/rooms/{part(gap.room_id)}/messages"
        page = read_answer(await self._transport.request("GET", path, query=query, timeout=60), _Messages)
        self._progress.known_of(len(page.chunk))
        applied = await self._application.take_in_history(
            gap.room_id, page.chunk, lambda events, redactions: self._write(gap, page, events, redactions)
        )
        self._took_in(applied)
        self._tell(gap)
        course = self._courses.get((gap.room_id, gap.lower))
        return 0.0 if course is None else course.pause

    def _write(
        self, gap: OpenGap, page: _Messages, events: list[NewEvent], redactions: list[Redaction]
    ) -> list[TimelineEvent]:
        """Write a page, and where the next begins, in the caller's transaction."""
        course = self._course(gap)
        stored, below = self._store.fill(gap, events)
        course.read_page(is_new=bool(stored))
        if stored:
            self._highest[gap.room_id] = max(self._highest.get(gap.room_id, 0), stored[-1].position)
        for raw in page.chunk:
            course.walk.meet(raw)
        # A page that the server has emptied, for it holds what is not for us, counts as a full one.
        fetched = len(page.chunk) or _PAGE
        is_over = page.end is None or page.end == gap.token or course.walk.is_over
        if is_over and self._looks_again(gap, course):
            self._store.begin_again(gap)
            if course.takes_long:
                self._store.hold_nothing(gap)
        elif is_over:
            self._close(gap)
        elif gap.fetched + fetched < gap.most:
            self._store.advance(gap, page.end or gap.token, fetched, below)
        elif gap.lower == 0:
            self._close(gap)  # of a room that is new here the latest is enough
        else:
            self._store.advance(gap, page.end or gap.token, fetched, below)
            self._store.give_up(gap, "More is missing here than is fetched by itself.", for_good=True)
        emptied = [self._timeline.redact(redaction.room_id, redaction.event_id) for redaction in redactions]
        return [*stored, *(event for events in emptied for event in events)]

    def _course(self, gap: OpenGap) -> _Course:
        name = (gap.room_id, gap.lower)
        if name not in self._courses:
            self._courses[name] = _Course(GapWalk(self._store, gap))
        return self._courses[name]

    def _looks_again(self, gap: OpenGap, course: _Course) -> bool:
        """Tell whether the server may have more by and by; not of a room that is new: it began somewhere."""
        if gap.lower == 0:
            return False
        is_broken = has_hole(self._timeline, gap.room_id, gap.lower)
        if course.is_whole(has_hole=is_broken) and self._highest.get(gap.room_id, 0) > gap.lower:
            return False
        return course.begin_again(GapWalk(self._store, gap), has_hole=is_broken)

    def _close(self, gap: OpenGap) -> None:
        self._store.close(gap)
        del self._courses[gap.room_id, gap.lower]

    async def _bear(
        self, gap: OpenGap, error: HomeserverUnreachable | HomeserverRefused, failures: int
    ) -> None:
        """Wait before the next attempt; a gap that is refused, or fails again and again, is shown as one."""
        is_refusal = isinstance(error, HomeserverRefused) and not isinstance(error, LimitExceeded)
        for_good = is_refusal and isinstance(error, HomeserverRefused) and error.status < 500
        if for_good or failures == _PATIENCE:
            _log.warning("A gap of the room %r could not be filled: %s", gap.room_id, type(error).__name__)
            with self._db.atomic():
                self._store.give_up(gap, _words(error), for_good=for_good)
            self._tell(gap)
        if for_good:
            return
        pause = min(_FIRST_PAUSE * 2**failures, _LONGEST_PAUSE)
        if isinstance(error, LimitExceeded):
            pause = max(pause, error.retry_after)
        await self._progress.pause(pause)

    def _tell(self, gap: OpenGap) -> None:
        self._progress.fetching(self._store.rooms_held())
        self._changed(gap.room_id)


def _words(error: SessionError) -> str:
    if isinstance(error, HomeserverUnreachable):
        return f"The homeserver does not answer. {error.why}"
    return f"The homeserver does not give what was written here. {error.why}"
