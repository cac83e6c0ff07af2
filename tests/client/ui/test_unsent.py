"""What was not sent, and what is missing: rows that say so, and what a person can do about them."""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from client.session.errors import NotAllowed, SessionError
from client.session.events import Content, Gap, SentEvent
from client.ui.app import RogatoryApp
from client.ui.widgets.composer import Composer
from client.ui.widgets.timeline import Timeline
from tests.client.fake_session import FakeSession
from tests.client.ui.screen_text import screen_text, settled_text, until, until_shown

FAILURE = "The homeserver answered 403."
REMEDY = "Ask a moderator whether you may write there."


async def select_unsent(pilot: Pilot[None], app: RogatoryApp) -> None:
    """Select the last row, as a person does with Shift+Tab and an arrow."""
    app.screen.query_one(Timeline).focus()
    await pilot.press("down")


async def test_a_gap_and_unsent_messages_are_rows_that_say_what_they_are(
    session: FakeSession, app: RogatoryApp, snapshot: SnapshotAssertion
) -> None:
    """The gap stands where something is missing, the unsent messages last, with what can be done."""
    first = session.receive("!lobby", "Before the gap.")
    session.receive("!lobby", "After the gap.")
    session.miss(Gap(room_id="!lobby", position=first.position, trouble="The homeserver does not answer."))
    session.keep_unsent("!lobby", "This was refused.", FAILURE, REMEDY)
    session.keep_unsent("!lobby", "This waits.", None)
    session.keep_unsent("!assets", "This is in another room.", FAILURE, REMEDY)
    async with app.run_test(size=(110, 26)) as pilot:
        assert await settled_text(pilot, "This waits.") == snapshot


async def test_a_gap_goes_when_it_is_filled(session: FakeSession, app: RogatoryApp) -> None:
    """While it is fetched it says so; what it held takes its place."""
    first = session.receive("!lobby", "Before the gap.")
    session.receive("!lobby", "After the gap.")
    session.miss(Gap(room_id="!lobby", position=first.position))
    async with app.run_test(size=(110, 24)) as pilot:
        await until_shown(pilot, "Fetching what was written here ...")
        session.missing = []
        session.change_room("!lobby", unread=0)
        await until(pilot, lambda: "Fetching" not in screen_text(app))
        text = screen_text(app)
        assert text.index("Before the gap.") < text.index("After the gap.")


async def test_enter_sends_an_unsent_message_again(session: FakeSession, app: RogatoryApp) -> None:
    """The chosen row is sent, and goes when the message has come back as one that was sent."""
    session.receive("!lobby", "Above.")
    session.keep_unsent("!lobby", "Once more.", FAILURE, REMEDY)
    async with app.run_test(size=(110, 24)) as pilot:
        await until_shown(pilot, "NOT SENT")
        await select_unsent(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: bool(session.sent))
        assert session.sent == [("!lobby", {"msgtype": "m.text", "body": "Once more."})]
        await until(pilot, lambda: "NOT SENT" not in screen_text(app))
        assert screen_text(app).count("Once more.") == 1


async def test_delete_takes_an_unsent_message_back(session: FakeSession, app: RogatoryApp) -> None:
    """Its text is in the composer, to be changed or thrown away, and nothing of it waits any more."""
    session.receive("!lobby", "Above.")
    session.keep_unsent("!lobby", "Too long.", FAILURE, REMEDY)
    async with app.run_test(size=(110, 24)) as pilot:
        await until_shown(pilot, "NOT SENT")
        await select_unsent(pilot, app)
        await pilot.press("delete")
        composer = app.screen.query_one(Composer)
        await until(pilot, lambda: composer.text == "Too long.")
        assert session.outbox == {}
        assert composer.has_focus
        await until(pilot, lambda: "NOT SENT" not in screen_text(app))


async def test_a_message_of_others_is_neither_sent_nor_taken_back(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Delete and Enter on what somebody wrote do nothing to it."""
    session.receive("!lobby", "Theirs.")
    async with app.run_test(size=(110, 24)) as pilot:
        await until_shown(pilot, "Theirs.")
        await select_unsent(pilot, app)
        await pilot.press("delete", "enter")
        app.screen.query_one(Composer).focus()
        await pilot.press(*"after", "enter")
        await until(pilot, lambda: bool(session.sent))
        assert [content["body"] for _, content in session.sent] == ["after"]


class Keeping(FakeSession):
    """A session whose outbox keeps what is refused, as the real one's does."""

    async def send(
        self,
        room_id: str,
        content: Content,
        *,
        type: str = "m.room.message",
        transaction_id: str | None = None,
    ) -> SentEvent:
        try:
            return await super().send(room_id, content, type=type, transaction_id=transaction_id)
        except SessionError as error:
            self.keep_unsent(
                room_id, str(content["body"]), error.why, error.remedy, transaction_id=transaction_id
            )
            raise


async def test_what_is_refused_stays_in_the_timeline_and_not_in_the_composer() -> None:
    """A message that the outbox keeps is shown once, where it was said, with the reason."""
    session = Keeping()
    session.add_room("!lobby", "Lobby")
    refusal = NotAllowed("No.", why="You may not write.", remedy="Ask.", status=403, errcode="M_FORBIDDEN")
    session.fail_next_send(refusal)
    app = RogatoryApp(lambda: session, None, session.user_id)
    async with app.run_test(size=(110, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press(*"Refused", "enter")
        await until_shown(pilot, "NOT SENT. You may not write. Ask.")
        assert app.screen.query_one(Composer).text == ""


async def test_a_long_text_that_was_not_sent_leaves_what_can_be_done_in_sight(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Of a text too large to be sent the beginning is shown, and all of it comes back into the composer."""
    text = "Witness statement. " * 4000
    session.keep_unsent("!lobby", text, FAILURE, REMEDY)
    async with app.run_test(size=(110, 24)) as pilot:
        await until_shown(pilot, "more characters are not shown here")
        assert "Delete takes it back" in screen_text(app)
        await select_unsent(pilot, app)
        await pilot.press("delete")
        composer = app.screen.query_one(Composer)
        await until(pilot, lambda: composer.text == text)
