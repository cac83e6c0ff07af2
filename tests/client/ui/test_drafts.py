"""What was typed and not sent outlives the client."""

from __future__ import annotations

import asyncio

import pytest

from client.ui.app import RogatoryApp
from client.ui.widgets.composer import Composer
from tests.client.court import manifest
from tests.client.fake_session import FakeSession
from tests.client.ui.screen_text import until, until_shown


def another(session: FakeSession) -> RogatoryApp:
    """Return a client that is started anew on the same store."""
    return RogatoryApp(lambda: session, manifest(), session.user_id)


async def test_what_is_typed_is_stored_without_a_further_key(session: FakeSession, app: RogatoryApp) -> None:
    """A draft is in the store soon after the typing, and there when the client is started anew."""
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"half a", "ctrl+j", *"thought")
        await until(pilot, lambda: session.drafts.get("!lobby") == "half a\nthought")
    again = another(session)
    async with again.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: again.screen.query_one(Composer).text == "half a\nthought")


async def test_a_sent_text_is_no_draft_any_more(session: FakeSession, app: RogatoryApp) -> None:
    """Once the session has the message, the store has no draft."""
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"Bonjour")
        await until(pilot, lambda: session.drafts.get("!lobby") == "Bonjour")
        await pilot.press("enter")
        await until(pilot, lambda: session.drafts["!lobby"] == "")
        assert [content["body"] for _, content in session.sent] == ["Bonjour"]


async def test_what_was_sent_off_is_the_sessions_to_keep(session: FakeSession, app: RogatoryApp) -> None:
    """While the first of three is on its way the session has them all; the draft is what is typed since."""
    session.hold_sends()
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("1", "enter", "2", "enter", "3", "enter", "4")
        await until(pilot, lambda: session.drafts.get("!lobby") == "4")
        session.release_sends()
        await until(pilot, lambda: len(session.sent) == 3)
        assert [content["body"] for _, content in session.sent] == ["1", "2", "3"]


async def test_what_is_typed_before_the_draft_is_there_comes_after_it(
    session: FakeSession, app: RogatoryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow store neither overwrites what was typed meanwhile nor is overwritten by it."""
    session.drafts["!lobby"] = "kept"
    slow = asyncio.Event()
    draft = session.draft

    async def waiting(room_id: str) -> str:
        await slow.wait()
        return await draft(room_id)

    monkeypatch.setattr(session, "draft", waiting)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"new")
        slow.set()
        await until(pilot, lambda: app.screen.query_one(Composer).text == "kept\nnew")
        await until(pilot, lambda: session.drafts["!lobby"] == "kept\nnew")


async def test_leaving_at_once_loses_nothing(session: FakeSession, app: RogatoryApp) -> None:
    """What was typed just before Ctrl+Q is stored."""
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"last words", "ctrl+q")
        await until(pilot, lambda: app.return_code == 0)
    assert session.drafts["!lobby"] == "last words"
