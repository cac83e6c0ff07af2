"""Fetching what a `limited` timeline left out, backwards from where the answer begins (GET /messages)."""

from __future__ import annotations

import logging

import msgspec

from client.session.errors import HomeserverRefused, HomeserverUnreachable, LimitExceeded
from client.session.foreign_json import decode
from client.session.store.timeline import Timeline
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer

_log = logging.getLogger(__name__)
_PAGE = 100
_MOST_KNOWN = 100_000
_MOST_NEW = 1_000
"""How many events are fetched: of a room that we follow, and of one that is new to us."""
_MOST_EMPTY = 50
"""Pages without an event in a row: a server could go on like that for ever."""


class _EventId(msgspec.Struct):
    event_id: str


class _Messages(msgspec.Struct):
    chunk: list[msgspec.Raw] = []
    end: str | None = None


async def missing_events(
    transport: Transport, timeline: Timeline, room_id: str, prev_batch: str
) -> list[msgspec.Raw]:
    """Return the events before `prev_batch` that are not stored, oldest first.

    Raises HomeserverUnreachable, also when the server says that it cannot now: the sync is then repeated
    whole. Any other refusal ends the search and is logged.
    """
    known_room = timeline.has_any(room_id)
    most = _MOST_KNOWN if known_room else _MOST_NEW
    found: list[msgspec.Raw] = []
    token: str | None = prev_batch
    empty = 0
    while token is not None and len(found) < most and empty < _MOST_EMPTY:
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
        for event in page.chunk:
            if known_room and timeline.knows(room_id, _event_id(event)):
                found.reverse()
                return found
            found.append(event)
        token = page.end if page.end != token else None
    found.reverse()
    return found


def _event_id(raw: msgspec.Raw) -> str:
    try:
        return decode(raw, type=_EventId).event_id
    except msgspec.DecodeError:
        return ""
