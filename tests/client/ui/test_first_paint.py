"""The client is there before its session is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC

from client.session.errors import HomeserverUnreachable
from client.session.events import Connection
from client.session.face import Session
from client.ui.app import RogatoryApp
from tests.client.court import manifest
from tests.client.fake_session import FakeSession
from tests.client.ui.screen_text import screen_text, until, until_shown


async def test_the_screen_is_painted_before_the_session_opens(session: FakeSession) -> None:
    """The parts are on the screen, and keys work, while the session is still opening."""
    may_open = asyncio.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[Session]:
        await may_open.wait()
        yield session

    app = RogatoryApp(slow, manifest(), session.user_id, zone=UTC)
    async with app.run_test(size=(90, 20)) as pilot:
        await until_shown(pilot, "Opening your rooms")
        await pilot.press("h", "i")
        await until_shown(pilot, "hi")
        assert "Lobby" not in screen_text(app)
        may_open.set()
        await until_shown(pilot, "Lobby")


async def test_the_session_is_opened_off_the_event_loop(session: FakeSession) -> None:
    """What opens the session runs in another thread, so that its imports do not stop the screen."""
    opened_in: list[threading.Thread] = []

    def open_session() -> FakeSession:
        opened_in.append(threading.current_thread())
        return session

    async with RogatoryApp(open_session, None, session.user_id).run_test() as pilot:
        await until(pilot, lambda: bool(opened_in))
    assert opened_in[0] is not threading.main_thread()


async def test_the_session_is_closed_when_the_client_ends(session: FakeSession, app: RogatoryApp) -> None:
    """Leaving with Ctrl+Q leaves the session's context."""
    async with app.run_test() as pilot:
        await until_shown(pilot, "Lobby")
        await pilot.press("ctrl+q")
    async with asyncio.timeout(5):
        await session.closed.wait()
    assert app.return_code == 0


async def test_a_session_that_cannot_open_says_what_why_and_what_to_do(session: FakeSession) -> None:
    """The error stands on the status line in full, and the client goes on."""

    @asynccontextmanager
    async def failing() -> AsyncIterator[Session]:
        raise HomeserverUnreachable(
            "The homeserver does not answer.", why="It may be down.", remedy="Run: rogatory status"
        )
        yield session

    async with RogatoryApp(failing, None, session.user_id).run_test(size=(120, 20)) as pilot:
        await until_shown(pilot, "The homeserver does not answer. It may be down. Run: rogatory status")
        await until_shown(pilot, "offline")


async def test_the_status_line_follows_the_connection(session: FakeSession, app: RogatoryApp) -> None:
    """Live, offline and catching up are said in words as they change."""
    async with app.run_test(size=(120, 20)) as pilot:
        await until_shown(pilot, "Lobby")
        session.connect(Connection.LIVE)
        await until_shown(pilot, "● live")
        session.connect(Connection.OFFLINE)
        await until_shown(pilot, "● offline, trying again")
        session.connect(Connection.CATCHING_UP, remaining=1200, total=2000)
        await until_shown(pilot, "● catching up, 800 of 2,000 ")
        session.connect(Connection.CATCHING_UP, remaining=10, total=2000, rooms=2)
        await until_shown(pilot, "● catching up, 1,990 of 2,000, more in 2 rooms")
        session.connect(Connection.CATCHING_UP, rooms=1)
        await until_shown(pilot, "● catching up, more in 1 room ")
