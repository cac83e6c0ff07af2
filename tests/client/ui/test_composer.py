"""Writing and sending: what is typed is sent once, in order, and never lost."""

from __future__ import annotations

from textual.events import Key

from client.session.errors import HomeserverUnreachable, NotEncrypted
from client.ui.app import RogatoryApp
from client.ui.widgets.composer import Composer
from tests.client.fake_session import FakeSession
from tests.client.ui.screen_text import screen_text, until, until_shown

OFFLINE = HomeserverUnreachable(
    "The homeserver does not answer.", why="It may be down.", remedy="Press Enter to try again."
)


async def test_enter_sends_the_text_to_the_open_room(session: FakeSession, app: RogatoryApp) -> None:
    """The message reaches the session as plain text, appears, and the composer is empty again."""
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"Bonjour", "enter")
        await until(pilot, lambda: bool(session.sent))
        assert session.sent == [("!lobby", {"msgtype": "m.text", "body": "Bonjour"})]
        await until_shown(pilot, "sen.focal-point.1 (africa)")
        assert app.screen.query_one(Composer).text == ""


async def test_a_new_line_is_written_with_ctrl_j_or_shift_enter(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Both keys write a line break and send nothing."""
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("a", "ctrl+j", "b", "shift+enter", "c")
        assert session.sent == []
        await pilot.press("enter")
        await until(pilot, lambda: bool(session.sent))
        assert session.sent[0][1]["body"] == "a\nb\nc"


async def test_nothing_but_spaces_is_not_sent(session: FakeSession, app: RogatoryApp) -> None:
    """Enter on an empty composer does nothing."""
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("enter", "space", "space", "enter", "x", "enter")
        await until(pilot, lambda: bool(session.sent))
        assert [content["body"] for _, content in session.sent] == ["  x"]


async def test_a_text_that_cannot_be_sent_comes_back_with_the_reason(
    session: FakeSession, app: RogatoryApp
) -> None:
    """It stands in the composer again, the status line says what to do, and the same Enter then sends it."""
    session.fail_next_send(OFFLINE)
    async with app.run_test(size=(120, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"Important", "enter")
        await until_shown(pilot, "The homeserver does not answer. It may be down. Press Enter to try again.")
        assert app.screen.query_one(Composer).text == "Important"
        await pilot.press("enter")
        await until(pilot, lambda: bool(session.sent))
        assert session.sent[0][1]["body"] == "Important"
        await until(pilot, lambda: "does not answer" not in screen_text(app))


async def test_a_text_that_fails_is_put_before_what_was_typed_since(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Neither the failed text nor the one begun after it is lost."""
    session.hold_sends()
    session.fail_next_send(OFFLINE)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"one", "enter", *"two")
        await until_shown(pilot, "sending")
        session.release_sends()
        await until(pilot, lambda: app.screen.query_one(Composer).text == "one\ntwo")


async def test_a_text_that_fails_comes_back_to_its_own_room(session: FakeSession, app: RogatoryApp) -> None:
    """After a change of room the failed text waits where it was written, not where one is now."""
    session.hold_sends()
    session.fail_next_send(
        NotEncrypted("Not sent.", why="The room is not encrypted.", remedy="Tell the steward.")
    )
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"secret", "enter", "ctrl+k", *"assets", "enter")
        await until_shown(pilot, "● Assets")
        session.release_sends()
        await until_shown(pilot, "Not sent.")
        composer = app.screen.query_one(Composer)
        assert composer.text == ""
        await pilot.press("ctrl+k", *"lobby", "enter")
        await until(pilot, lambda: composer.text == "secret")


async def test_messages_are_sent_in_the_order_of_their_writing(
    session: FakeSession, app: RogatoryApp
) -> None:
    """A second message waits for the first."""
    session.hold_sends()
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("1", "enter", "2", "enter", "3", "enter")
        await until_shown(pilot, "sending 3")
        session.release_sends()
        await until(pilot, lambda: len(session.sent) == 3)
        assert [content["body"] for _, content in session.sent] == ["1", "2", "3"]


async def test_each_room_keeps_its_own_draft(session: FakeSession, app: RogatoryApp) -> None:
    """What is begun in one room is there when one comes back, and is nowhere else."""
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"draft", "ctrl+k", *"assets", "enter")
        await until_shown(pilot, "● Assets")
        composer = app.screen.query_one(Composer)
        assert composer.text == ""
        await pilot.press("ctrl+k", *"lobby", "enter")
        await until(pilot, lambda: composer.text == "draft")


async def test_leaving_while_a_message_is_being_sent_asks_once(
    session: FakeSession, app: RogatoryApp
) -> None:
    """The first Ctrl+Q warns, the second leaves."""
    session.hold_sends()
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("x", "enter")
        await until_shown(pilot, "sending")
        await pilot.press("ctrl+q")
        await until_shown(pilot, "A message is still being sent.")
        assert app.is_running
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.return_code == 0)


async def test_keys_that_come_at_once_are_taken_in_their_order(
    session: FakeSession, app: RogatoryApp
) -> None:
    """A text and Enter that arrive together, as from a paste or a slow line, send the whole text."""
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        for character in "Bonjour à tous":
            app.post_message(Key("space" if character == " " else character, character))
        app.post_message(Key("enter", "\r"))
        await until(pilot, lambda: bool(session.sent))
        assert [content["body"] for _, content in session.sent] == ["Bonjour à tous"]
        assert app.screen.query_one(Composer).text == ""
