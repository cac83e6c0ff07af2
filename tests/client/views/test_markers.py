"""Gaps and unsent messages in the window over a timeline."""

from __future__ import annotations

import asyncio
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from client.session.events import Gap
from client.views.request_view import RequestReader
from client.views.timeline import Splice, TimelineWindow
from client.views.timeline_row import RowKind, RowMaker, TimelineRow
from tests.client.fake_session import FakeSession


def window_of(session: FakeSession, page: int = 100) -> TimelineWindow:
    maker = RowMaker(session.user_id, {}, RequestReader(None), UTC)
    return TimelineWindow(session, "!r", maker, page=page)


def applied(rows: list[TimelineRow], splices: list[Splice]) -> None:
    for splice in splices:
        rows[splice.start : splice.start + splice.removed] = splice.rows


async def test_a_gap_is_shown_once_what_is_above_it_is_loaded() -> None:
    """In a window of the newest two messages a gap far above is no row; it comes with the page it is in."""
    session = FakeSession()
    session.add_room("!r", "Room")
    for number in range(6):
        session.receive("!r", f"{number}")
    session.miss(Gap(room_id="!r", position=3), Gap(room_id="!r", position=0))
    window = window_of(session, page=2)
    shown = []
    for _ in range(4):
        await window.load_older()
        await window.read_markers()
        shown.append([row.lines[0] if row.kind is RowKind.MESSAGE else "gap" for row in window.rows])
    assert shown == [
        ["4", "5"],
        ["2", "gap", "3", "4", "5"],
        ["0", "1", "2", "gap", "3", "4", "5"],
        ["gap", "0", "1", "2", "gap", "3", "4", "5"],
    ]


@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(0, 8), max_size=3),
            st.sets(st.integers(0, 3)),
            st.booleans(),
            st.integers(1, 8),
        ),
        max_size=6,
    )
)
def test_the_splices_rebuild_the_rows_exactly(steps: list[tuple[set[int], set[int], bool, int]]) -> None:
    """Whatever comes and goes between events that come too: the splices make all rows, in order."""
    asyncio.run(_rebuild(steps))


async def _rebuild(steps: list[tuple[set[int], set[int], bool, int]]) -> None:
    session = FakeSession()
    session.add_room("!r", "Room")
    window = window_of(session)
    await window.load_older()
    rows: list[TimelineRow] = []
    for gaps, unsent, given_up, position in steps:
        trouble = "Away." if given_up else None
        session.missing = [Gap(room_id="!r", position=gap, trouble=trouble) for gap in gaps]
        session.outbox.clear()
        for number in sorted(unsent):
            session.keep_unsent("!r", "text", "No." if given_up else None, transaction_id=f"{number}")
        applied(rows, await window.read_markers())
        event = session.receive("!r", "text", position=position)
        splice = window.apply(event)
        assert splice is not None
        applied(rows, [splice])
    applied(rows, await window.read_markers())
    assert rows == list(window.rows)
    if steps:
        kinds = [row.kind for row in rows]
        words = [row.lines[-1] for row in rows if row.kind in (RowKind.GAP, RowKind.UNSENT)]
        assert [("Away." in said or "Delete" in said) for said in words] == [steps[-1][2]] * len(words)
        assert kinds.count(RowKind.GAP) == len(steps[-1][0])
        assert kinds.count(RowKind.UNSENT) == len(steps[-1][1])
        assert RowKind.UNSENT not in kinds[: len(kinds) - len(steps[-1][1])]
