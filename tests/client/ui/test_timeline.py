"""The timeline: order, healing in place, the reader's place, and that only what is seen is drawn."""

from __future__ import annotations

import random
from datetime import UTC
from itertools import pairwise

from syrupy.assertion import SnapshotAssertion
from textual.app import App, ComposeResult

from client.session.events import NO_KEY, TimelineEvent, Trust
from client.ui.app import RogatoryApp
from client.ui.widgets.timeline import Timeline
from client.views.request_view import RequestReader
from client.views.timeline import Splice
from client.views.timeline_row import RowMaker
from tests.client.court import OTP
from tests.client.fake_session import START, FakeSession
from tests.client.ui.conftest import BELGIUM
from tests.client.ui.screen_text import screen_text, settled_text, until, until_shown

_A_DAY = 24 * 60 * 60 * 1000


def fill(session: FakeSession, count: int, room_id: str = "!lobby") -> list[TimelineEvent]:
    """Let many messages of different length arrive."""
    words = random.Random(1)  # noqa: S311 - lengths of test texts, always the same ones
    return [
        session.receive(room_id, f"Message {number}. " + "word " * words.randint(0, 60), sender=BELGIUM)
        for number in range(count)
    ]


async def test_days_senders_badges_and_text(
    session: FakeSession, app: RogatoryApp, snapshot: SnapshotAssertion
) -> None:
    """A person reads who wrote what and when, and how far each may be believed, without colour."""
    session.receive("!lobby", "Good morning.", sender=OTP)
    session.receive("!lobby", "A second message follows under the same name.", sender=OTP)
    session.receive("!lobby", "Two\nlines", sender=session.user_id, trust=Trust.VERIFIED)
    session.receive("!lobby", "Send me the key.", sender="@otp:court.example", trust=Trust.UNSIGNED_DEVICE)
    session.receive_undecryptable("!lobby", NO_KEY, sender=BELGIUM)
    session.receive("!lobby", "The next day.", sender=BELGIUM, trust=Trust.PINNED, sent_at=START + _A_DAY)
    async with app.run_test(size=(100, 32)) as pilot:
        assert await settled_text(pilot, "The next day.") == snapshot


async def test_a_message_heals_in_its_place(session: FakeSession, app: RogatoryApp) -> None:
    """An event that comes again decrypted replaces the line that said why it could not be read."""
    session.receive("!lobby", "Before", sender=OTP)
    event = session.receive_undecryptable("!lobby", "The key has not come yet.", sender=BELGIUM)
    session.receive("!lobby", "After", sender=OTP)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "The key has not come yet.")
        session.heal(event, "What it said")
        await until_shown(pilot, "What it said")
        text = screen_text(app)
        assert text.index("Before") < text.index("What it said") < text.index("After")
        assert "The key has not come yet." not in text


async def test_a_late_event_finds_its_place_by_position(session: FakeSession, app: RogatoryApp) -> None:
    """What the store puts earlier stands earlier, whenever it comes."""
    session.receive("!lobby", "First", position=10)
    session.receive("!lobby", "Third", position=30)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "Third")
        session.receive("!lobby", "Second", position=20)
        await until_shown(pilot, "Second")
        text = screen_text(app)
        assert text.index("First") < text.index("Second") < text.index("Third")


async def test_another_rooms_event_stays_out(session: FakeSession, app: RogatoryApp) -> None:
    """An event of another room does not appear in the open one."""
    session.receive("!lobby", "Here")
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "Here")
        session.receive("!assets", "Elsewhere")
        session.receive("!lobby", "Here too")
        await until_shown(pilot, "Here too")
        assert "Elsewhere" not in screen_text(app)


async def test_the_newest_stays_in_sight_while_one_is_at_the_bottom(
    session: FakeSession, app: RogatoryApp
) -> None:
    """New messages push the old ones up."""
    fill(session, 60)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "Message 59.")
        session.receive("!lobby", "The newest")
        await until_shown(pilot, "The newest")


async def test_what_comes_while_one_reads_above_is_counted_not_scrolled_to(
    session: FakeSession, app: RogatoryApp
) -> None:
    """The reader's place stays; the last line says how many are below; End goes there."""
    fill(session, 60)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "Message 59.")
        timeline = app.screen.query_one(Timeline)
        timeline.focus()
        await pilot.press("pageup", "pageup")
        before = screen_text(app).splitlines()[1]
        session.receive("!lobby", "One")
        session.receive("!lobby", "Two")
        await until_shown(pilot, "2 new below: press End")
        assert screen_text(app).splitlines()[1] == before
        await pilot.press("end")
        await until_shown(pilot, "Two")
        assert "new below" not in screen_text(app)


async def test_the_message_on_top_stays_on_top_when_the_width_changes(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Another width wraps anew, but the reader stays at the same message."""
    fill(session, 90)
    async with app.run_test(size=(140, 30)) as pilot:
        await until_shown(pilot, "Message 89.")
        timeline = app.screen.query_one(Timeline)
        timeline.focus()
        await pilot.press("pageup", "pageup", "pageup")
        top = timeline.top_row
        for width, height in ((70, 24), (111, 18), (140, 40)):
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda: timeline.size.width > 0)
            assert timeline.top_row == top, (width, height)


async def test_the_bottom_stays_in_sight_when_the_size_changes(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Who reads the newest message still sees it in a smaller window."""
    fill(session, 90)
    async with app.run_test(size=(140, 40)) as pilot:
        await until_shown(pilot, "Message 89.")
        for width, height in ((60, 20), (100, 30)):
            await pilot.resize_terminal(width, height)
            await until_shown(pilot, "Message 89.")


async def test_older_messages_are_loaded_without_moving_the_reader(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Near the top a page is put above; what was on top stays on top."""
    events = fill(session, 350)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "Message 349.")
        timeline = app.screen.query_one(Timeline)
        assert len(timeline.rows) == 100
        timeline.focus()
        await pilot.press("home")
        await until(pilot, lambda: len(timeline.rows) == 200)
        assert timeline.top_row is not None
        assert timeline.top_row.event_id == events[250].event_id
        for _ in range(3):
            await pilot.press("home")
            await pilot.pause(0.05)
        await until(pilot, lambda: len(timeline.rows) == 350)


class TimelineAlone(App[None]):
    """Nothing but a timeline."""

    CSS_PATH = RogatoryApp.CSS_PATH

    def compose(self) -> ComposeResult:
        yield Timeline(id="timeline")


async def test_of_ten_thousand_messages_only_those_on_the_screen_are_drawn(session: FakeSession) -> None:
    """At the start, after a jump to the oldest and back, after one more: each time a screenful at most."""
    maker = RowMaker(session.user_id, {}, RequestReader(None), UTC)
    events = fill(session, 10_000)
    rows = [maker.row(event, above, 1) for above, event in pairwise([None, *events]) if event is not None]
    app = TimelineAlone()
    async with app.run_test(size=(120, 40)) as pilot:
        timeline = app.query_one(Timeline)
        timeline.show(rows)
        await until_shown(pilot, "Message 9999.")
        assert 0 < timeline.rows_drawn <= 40
        timeline.focus()
        await pilot.press("home")
        await until_shown(pilot, "Message 0.")
        assert timeline.rows_drawn <= 80
        await pilot.press("end")
        more = maker.row(session.receive("!lobby", "One more"), events[-1], 1)
        timeline.apply([Splice(10_000, 0, (more,))])
        await until_shown(pilot, "One more")
        assert timeline.rows_drawn <= 82


async def test_a_selected_message_is_marked_without_colour(session: FakeSession, app: RogatoryApp) -> None:
    """The mark in the first column moves with the arrows."""
    session.receive("!lobby", "One", sender=OTP)
    session.receive("!lobby", "Two", sender=BELGIUM)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "Two")
        app.screen.query_one(Timeline).focus()
        await pilot.press("up")
        await until_shown(pilot, "▌  Two")
        await pilot.press("up")
        await until_shown(pilot, "▌  One")
        assert "▌  Two" not in screen_text(app)
