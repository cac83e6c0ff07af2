"""Fetching what a `limited` timeline left out, backwards from where the answer begins (GET /messages).

The first event that is stored is not yet the end: after an outage between servers what each side said
meanwhile lies side by side, and what our own side said we have. What one server's users say is a chain,
though: below an event of theirs that is stored, nothing of theirs is missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from client.session.continuity import has_hole
from client.session.errors import HomeserverRefused, HomeserverUnreachable, LimitExceeded
from client.session.foreign_json import decode_flat
from client.session.store.timeline import Timeline
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer
from policies.user_id import server_of

_log = logging.getLogger(__name__)
_PAGE = 100
_MOST_KNOWN = 100_000
_MOST_NEW = 1_000
"""How many events are fetched: of a room that we follow, and of one that is new to us."""
_MOST_EMPTY = 50
"""Pages without an event in a row: a server could go on like that for ever."""


_OVERLAP = 100
"""Stored events in a row after which a walk ends, if no server's chain is open."""
_LONGEST_OVERLAP = 1_000
"""Stored events in a row after which it ends all the same: some servers are silent for years."""


_PAUSES = (0.25, 0.5, 1.0, 2.0)
"""Seconds between walks while the server may still be fetching what it has a gap for."""


class _Event(msgspec.Struct):
    event_id: str
    sender: str = ""
    type: str = ""
    state_key: str | None = None


class _Messages(msgspec.Struct):
    chunk: list[msgspec.Raw] = []
    end: str | None = None


class _Walk:
    """A walk back through one room, newest first: what is new in it, and where it may end."""

    def __init__(self, timeline: Timeline, room_id: str) -> None:
        self._timeline = timeline
        self._room_id = room_id
        self._oldest = timeline.oldest(room_id)
        self._open: set[str] = set()
        self._known_in_a_row = 0
        self._at_the_end = False
        self.most = _MOST_NEW if self._oldest is None else _MOST_KNOWN

    @property
    def is_over(self) -> bool:
        """Whether nothing is missing any further back."""
        longest = _LONGEST_OVERLAP if self._open else _OVERLAP
        return self._at_the_end or self._known_in_a_row >= longest

    def meet(self, raw: msgspec.Raw) -> bool:
        """Take note of the next event; return whether it is missing. State comes by another way."""
        try:
            event = decode_flat(raw, type=_Event)
        except msgspec.DecodeError:
            return False
        if event.state_key is not None or self.is_over:
            return False
        server = server_of(event.sender)
        if self._timeline.knows(self._room_id, event.event_id):
            self._open.discard(server)
            self._known_in_a_row += 1
            self._at_the_end = event.event_id == self._oldest
            return False
        if event.type != "m.room.redaction":  # which are not stored
            self._open.add(server)
            self._known_in_a_row = 0
        return True


async def missing_events(
    transport: Transport, timeline: Timeline, room_id: str, prev_batch: str, later: Sequence[msgspec.Raw] = ()
) -> list[msgspec.Raw]:
    """Return the events before `prev_batch` that are not stored, oldest first; `later` are those after it.

    After an outage our server tells of a gap before it has fetched itself what belongs there, and what it
    fetches later comes in no sync: so while nothing is found, or with a hole, this asks again for a while.

    Raises HomeserverUnreachable, also when the server says that it cannot now: the sync is then repeated
    whole. Any other refusal ends the search and is logged.
    """
    most, pauses = -1, iter(_PAUSES)
    while True:
        found = await _walk_back(transport, timeline, room_id, prev_batch, later)
        complete = bool(found) and not has_hole(timeline, room_id, [*found, *later])
        if complete or timeline.oldest(room_id) is None:
            return found
        if len(found) > most:
            most, pauses = len(found), iter(_PAUSES)  # it is still fetching
        pause = next(pauses, None)
        if pause is None:
            _log.info("There may be a hole in the history of room %.200r", room_id)
            return found
        await asyncio.sleep(pause)


async def _walk_back(
    transport: Transport, timeline: Timeline, room_id: str, prev_batch: str, later: Sequence[msgspec.Raw]
) -> list[msgspec.Raw]:
    walk = _Walk(timeline, room_id)
    for event in later:
        walk.meet(event)
    found: list[msgspec.Raw] = []
    token: str | None = prev_batch
    empty = 0
    while token is not None and not walk.is_over and len(found) < walk.most and empty < _MOST_EMPTY:
        query = {"dir": "b", "from": token, "limit": str(_PAGE)}
        path = f"{CLIENT}/rooms/{part(room_id)}/messages"
        try:
            raw = await transport.request("GET", path, query=query, timeout=60)
            page = read_answer(raw, _Messages)
        except HomeserverRefused as error:
            if error.status >= 500 or isinstance(error, LimitExceeded):
                raise HomeserverUnreachable(error.what, why=error.why, remedy=error.remedy) from None
            _log.warning("The history of room %.200r could not be fetched: %s", room_id, type(error).__name__)
            break
        empty = 0 if page.chunk else empty + 1
        found += filter(walk.meet, page.chunk)
        token = page.end if page.end != token else None
    found.reverse()
    return found
