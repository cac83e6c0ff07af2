"""The window over a timeline: whatever comes in whatever order, its splices and its rows agree."""

from __future__ import annotations

from datetime import UTC

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from client.session.events import TimelineEvent, Trust
from client.views.request_view import RequestReader
from client.views.timeline import Splice, TimelineWindow
from client.views.timeline_row import RowKind, RowMaker, TimelineRow
from tests.client.fake_session import START, FakeSession

ME = "@sen.focal-point.1:africa.rogatory.test"
MAKER = RowMaker(ME, {"africa.rogatory.test": "africa"}, RequestReader(None), UTC)


def event(
    number: int, *, position: int | None = None, body: str | None = "text", day: int = 0
) -> TimelineEvent:
    return TimelineEvent(
        position=number if position is None else position,
        room_id="!r",
        event_id=f"${number}",
        sender=ME,
        sent_at=START + day * 86_400_000 + number,
        type="m.room.message" if body else "m.room.encrypted",
        content={"msgtype": "m.text"},
        body=body,
        trust=Trust.ATTESTED if body else Trust.UNDECRYPTABLE,
        reason=None if body else "No key.",
    )


def window(session: FakeSession | None = None, page: int = 100) -> TimelineWindow:
    session = session or FakeSession()
    return TimelineWindow(session, "!r", MAKER, page=page)


def applied(rows: list[TimelineRow], splice: Splice | None) -> None:
    if splice is not None:
        rows[splice.start : splice.start + splice.removed] = splice.rows


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15), st.booleans(), st.integers(0, 2))))
def test_splices_rebuild_the_rows_exactly(steps: list[tuple[int, int, bool, int]]) -> None:
    """Events in any order, again, healed or not: who applies the splices has all rows, in order."""
    view = window()
    rows: list[TimelineRow] = []
    newest: dict[str, TimelineEvent] = {}
    for number, position, readable, day in steps:
        each = event(number, position=position, body="text" if readable else None, day=day)
        newest[each.event_id] = each
        applied(rows, view.apply(each))
    assert rows == list(view.rows)
    assert sorted(row.event_id for row in rows) == sorted(newest)
    assert {row.event_id: row.kind is RowKind.UNDECRYPTABLE for row in rows} == {
        event_id: each.body is None for event_id, each in newest.items()
    }
    if rows:
        assert rows[0].day is not None
        assert not rows[0].continues


async def test_pages_are_loaded_until_there_are_none_left() -> None:
    """Each page goes before the last, and the end is known."""
    session = FakeSession()
    session.add_room("!r", "Room")
    for number in range(25):
        session.receive("!r", f"{number}")
    view = window(session, page=10)
    rows: list[TimelineRow] = []
    for _ in range(4):
        for splice in await view.load_older():
            applied(rows, splice)
    assert view.complete
    assert [row.lines[0] for row in rows] == [str(number) for number in range(25)]
    assert rows == list(view.rows)


async def test_an_event_that_comes_while_a_page_loads_is_there_once() -> None:
    """The page that holds it too does not double it."""
    session = FakeSession()
    session.add_room("!r", "Room")
    first = session.receive("!r", "first")
    second = session.receive("!r", "second")
    view = window(session)
    view.apply(second)
    await view.load_older()
    assert [row.event_id for row in view.rows] == [first.event_id, second.event_id]


def test_a_healed_event_that_shows_nothing_takes_its_row_away() -> None:
    """What could not be read and turns out to be a reaction has no row any more."""
    view = window()
    view.apply(event(1))
    view.apply(event(2, body=None))
    splice = view.apply(msgspec.structs.replace(event(2), type="m.reaction", body=None))
    assert splice == Splice(1, 1, ())
    assert len(view.rows) == 1


def test_the_row_after_a_change_is_made_anew() -> None:
    """A message that lands between two others takes the name line from the one that follows it."""
    view = window()
    view.apply(event(1, position=10))
    view.apply(event(3, position=30))
    assert [row.continues for row in view.rows] == [False, True]
    other = msgspec.structs.replace(event(2, position=20), sender="@bel.focal-point.1:weog.rogatory.test")
    splice = view.apply(other)
    assert splice is not None
    assert (splice.start, splice.removed, len(splice.rows)) == (1, 1, 2)
    assert [row.continues for row in view.rows] == [False, False, False]


def test_a_time_that_no_calendar_has_is_said_to_be_unknown() -> None:
    """A hostile server's time breaks nothing."""
    for sent_at in (10**18, -(10**18), 2**63):
        row = MAKER.row(msgspec.structs.replace(event(1), sent_at=sent_at), None, 1)
        assert (row.time, row.day) == ("--:--", "Day not known")
