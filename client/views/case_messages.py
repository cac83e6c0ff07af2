"""The messages of a request's room as the reducer takes them: the same for bridge and client."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from client.session.events import TimelineEvent, Trust
from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.received import Received
from policies.requests.case.step import EVENT_KEY
from policies.requests.verdict import CONTENT_KEY

_KEYS = frozenset({CONTENT_KEY, ANSWER_KEY, EVENT_KEY})
_NOT_FROM_THE_SENDER = (Trust.UNDECRYPTABLE, Trust.MISMATCHED_SENDER)
_PAGE = 200
_LATEST = 2**42
"""Milliseconds: a server may claim any time, and one in the year 2109 is late enough to be refused."""


class TimelineReader(Protocol):
    """What is asked of a session; see `client.session.face.Session.timeline`."""

    async def timeline(
        self, room_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[TimelineEvent]:
        """Return at most `limit` stored events of a room, oldest first, before a position."""


def received_of(event: TimelineEvent) -> Received | None:
    """Return a message that carries a request, an answer or a step; None for every other event."""
    if event.type != "m.room.message" or event.trust in _NOT_FROM_THE_SENDER:
        return None
    if not _KEYS & event.content.keys():
        return None
    return Received(
        event_id=event.event_id,
        sender=event.sender,
        room_id=event.room_id,
        sent_at=time_of(event.sent_at),
        content=event.content,
    )


def time_of(milliseconds: int) -> datetime:
    """Return the time that a server claims, in milliseconds since 1970 UTC, within what is a time here."""
    return datetime.fromtimestamp(min(max(milliseconds, 0), _LATEST) / 1000, UTC)


async def room_messages(session: TimelineReader, room_id: str) -> list[Received]:
    """Return the messages of a room that concern a case, oldest first. Raises UnknownRoom."""
    pages: list[Sequence[TimelineEvent]] = []
    before = None
    while page := await session.timeline(room_id, before=before, limit=_PAGE):
        pages.append(page)
        before = page[0].position
    events = (event for page in reversed(pages) for event in page)
    return [received for event in events if (received := received_of(event)) is not None]
