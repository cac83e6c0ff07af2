"""Rows of a timeline that are no event of the room: a gap in it, and a message that was not sent."""

from __future__ import annotations

from client.session.events import Gap, QueuedMessage, TimelineEvent, Trust
from client.views.safe_text import single_line

_BEHIND_ALL = 2**62
"""Where the messages that were not sent stand: after every event."""


class GapMarker(TimelineEvent, frozen=True, kw_only=True):
    """Stands where something of the timeline is still to be fetched."""


class UnsentMarker(TimelineEvent, frozen=True, kw_only=True):
    """A message that the server has not accepted: it waits, or was `given_up`."""

    transaction_id: str
    given_up: bool


Marker = GapMarker | UnsentMarker


def gap_marker(gap: Gap) -> GapMarker:
    """Return the row of a gap; its id is none that a server gives."""
    if gap.trouble is None:
        words = "Fetching what was written here ..."
    else:
        trouble = single_line(gap.trouble, most_characters=300)
        words = f"Something that was written here is missing. {trouble} It is asked for again later."
    return GapMarker(
        position=gap.position,
        room_id=gap.room_id,
        event_id=f"gap {gap.position}",
        sender="",
        sent_at=0,
        type="org.rogatory.gap",
        content={},
        body=None,
        trust=Trust.UNDECRYPTABLE,
        reason=words,
    )


def unsent_marker(message: QueuedMessage, number: int, user_id: str) -> UnsentMarker:
    """Return the row of the `number`-th message that was not sent."""
    body = message.content.get("body")
    failure = f"NOT SENT. {message.failure} {message.remedy or ''}" if message.failure else None
    return UnsentMarker(
        position=_BEHIND_ALL + number,
        room_id=message.room_id,
        event_id=f"unsent {message.transaction_id}",
        sender=user_id,
        sent_at=message.queued_at,
        type=message.type,
        content=message.content,
        body=body if isinstance(body, str) else None,
        trust=Trust.VERIFIED,
        reason=failure,
        transaction_id=message.transaction_id,
        given_up=message.failure is not None,
    )
