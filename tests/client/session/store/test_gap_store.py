from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import hypothesis.strategies as some
import pytest
from hypothesis import HealthCheck, example, given, settings

from client.session.events import Trust
from client.session.store.gap_store import GapStore
from client.session.store.schema import account_schema
from client.session.store.sqlcipher import Database
from client.session.store.timeline import NewEvent, Timeline
from client.session.store.vault import migrate, open_vault
from tests.client.session.store.timelines import Reader, emptied

_TIMES = some.lists(some.one_of(some.integers(-5, 5), some.integers(1_700_000_000_000, 1_700_000_000_003),
                                some.integers(0, 2**44)), max_size=30)  # fmt: skip


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Database:
    path = tmp_path_factory.mktemp("gaps") / "a.db"
    db = open_vault(path, bytes(32))
    migrate(db, account_schema, path)
    return db


def _events(name: str, times: Sequence[int], room_id: str = "!r", senders: str = "a") -> list[NewEvent]:
    """Return messages of some senders in turn."""
    return [
        NewEvent(
            room_id,
            f"${name}{number}",
            f"@{senders[number % len(senders)]}:x",
            sent_at,
            "m.room.message",
            {},
            Trust.PINNED,
        )
        for number, sent_at in enumerate(times)
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(before=[0], missed=[*[0] * 8, 1, 1_700_000_000_000, 0], after=[], elsewhere=[], page=1)
@example(before=[-1], missed=[0] * 9 + [1_700_000_000_000, 0] * 4, after=[0], elsewhere=[], page=1)
@given(before=_TIMES, missed=_TIMES, after=_TIMES, elsewhere=_TIMES, page=some.integers(1, 7))
def test_whatever_the_clocks_say_what_a_gap_held_stands_between(
    empty: Database, before: list[int], missed: list[int], after: list[int], elsewhere: list[int], page: int
) -> None:
    """Filled backwards in pages of any size, beside another room, two senders' order is the server's."""
    timeline = Timeline(emptied(empty))
    gaps = GapStore(empty, timeline)
    first, held, last = (
        _events(name, times, senders="ab")
        for name, times in (("before", before), ("missed", missed), ("after", after))
    )
    timeline.append(first)
    gaps.open("!r", 1000)
    timeline.append(_events("elsewhere", elsewhere, "!elsewhere"))
    timeline.append(last[:2])
    top = timeline.end_of("!r")
    newest_first = [*last[:2][::-1], *held[::-1]]
    for start in range(0, len(newest_first), page):
        gap = gaps.oldest("!r")
        assert gap is not None
        gap = replace(gap, top=top)
        filled = gaps.fill(gap, newest_first[start : start + page])
        gaps.advance(gap, "next", page, filled.below)
        timeline.append(last[: 2 + start])
    timeline.append(last)
    expected = [event.event_id for event in (*first, *held, *last)]
    assert [event.event_id for event in timeline.page("!r", None, 1000)] == expected


def test_what_belongs_before_what_was_told_is_told_with_the_gap_in_order(empty: Database) -> None:
    """Two pages, newest first, of what belongs above a message that was told of: told last, in order."""
    timeline = Timeline(emptied(empty))
    reader = Reader(timeline)
    gaps = GapStore(empty, timeline)
    missed = _events("missed", [2, 3, 4, 5])
    timeline.append([*_events("before", [1]), *_events("told", [9])])
    assert len(reader.next_ids()) == 2
    gaps.open("!r", 1000)
    timeline.append(_events("after", [10]))
    gap = gaps.oldest("!r")
    assert gap is not None
    for page in ([*_events("after", [10]), *_events("told", [9]), *missed[:1:-1]], missed[1::-1]):
        gap = replace(gap, below=gaps.fill(gap, page).below)
        assert reader.next_ids() == []
    gaps.close(gap)
    names = [event.event_id for event in missed]
    assert reader.next_ids() == [*names, "$after0"]
    shown = [event.event_id for event in timeline.page("!r", None, 100)]
    assert shown == ["$before0", *names, "$told0", "$after0"]


def test_what_is_told_in_the_order_of_arrival_waits_for_the_gap_before_it(empty: Database) -> None:
    """Nothing behind a gap is told of until it is closed, then everything in order, and nothing twice."""
    timeline = Timeline(emptied(empty))
    reader = Reader(timeline)
    gaps = GapStore(empty, timeline)
    timeline.append(_events("before", [1]))
    assert reader.next_ids() == ["$before0"]
    gaps.open("!r", 1000)
    timeline.append(_events("after", [9, 10]))
    timeline.append(_events("other", [9], "!other"))
    assert reader.next_ids() == ["$other0"]
    gap = gaps.oldest("!r")
    assert gap is not None
    gaps.fill(gap, [*_events("after", [9, 10])[::-1], *_events("missed", [5, 6])[::-1]])
    assert reader.next_ids() == []
    gaps.close(gap)
    told = ["$missed0", "$missed1", "$after0", "$after1"]
    assert reader.next_ids() == told
    assert Reader(Timeline(empty)).next_ids()[-4:] == told
    assert reader.next_ids() == []
