"""Sending what was recorded before: one event, however often it is tried."""

from __future__ import annotations

from bridge.court_calls import CourtSession
from client.session.events import Content, SentEvent


async def send_recorded(
    session: CourtSession, room_id: str, content: Content, transaction_id: str
) -> SentEvent:
    """Send a message under its own transaction id, also where an earlier try was given up.

    Raises SessionErrors; then it is kept, and another call tries again.
    """
    queued = {message.transaction_id: message for message in await session.queued()}
    before = queued.get(transaction_id)
    if before is not None and before.failure is not None:
        return await session.send_again(transaction_id)
    return await session.send(room_id, content, transaction_id=transaction_id)
