"""Alice and Bob: accounts enrolled on a homeserver, and their sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from client.session.events import InitialState, RoomSummary, TimelineEvent
from client.session.opening import hold_session
from client.session.session import OpenSession
from tests.client.session.homeserver import Homeserver, Login

ENCRYPTED = (
    InitialState(type="m.room.encryption", content={"algorithm": "m.megolm.v1.aes-sha2"}),
    InitialState(type="m.room.history_visibility", content={"history_visibility": "invited"}),
)


async def enrolled(homeserver: Homeserver, root: Path, localpart: str) -> tuple[Account, Login]:
    """Register and enrol an account."""
    login = homeserver.register(localpart)
    account = await enrol(
        Accounts(root),
        user_id=login.user_id,
        homeserver=homeserver.url,
        device_id=login.device_id,
        access_token=login.access_token,
    )
    return account, login


@asynccontextmanager
async def opened(
    account: Account, welcome: Callable[[RoomSummary], bool] = lambda _: True
) -> AsyncIterator[OpenSession]:
    """Hold the session of an account that joins whatever it is invited to."""
    async with hold_session(account, welcome=welcome) as session:
        yield session


async def next_event(session: OpenSession, wanted: Callable[[TimelineEvent], bool]) -> TimelineEvent:
    """Return the first event, stored or to come, that is `wanted`; the test's own time-out is the limit."""
    updates = session.updates()
    for room in await session.rooms():
        for event in await session.timeline(room.room_id, limit=10_000):
            if wanted(event):
                return event
    async for update in updates:
        if isinstance(update, TimelineEvent) and wanted(update):
            return update
    raise AssertionError("the session closed")
