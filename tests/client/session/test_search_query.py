"""Whatever a person writes to search for: an answer, or a refusal that says what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from client.session.errors import SearchRefused, UnknownRoom
from client.session.events import Membership, StateEvent
from client.session.search import Search
from client.session.search_query import SearchQuery, read_query
from client.session.store.room_store import RoomStore
from client.session.store.timeline import Timeline
from tests.client.session.store.timelines import ALICE, BOB, message, opened

_PIECES = some.sampled_from(
    ["in:", "from:", "before:", "after:", '"', "'", "*", "(", ")", "AND", "OR", "NOT", "NEAR(", "^", "-", "+",
     "{body}", "tags :", ":", "--", ";", "/*", "\0", "\ud800", "\u202e", " ", "a", "witness", "法",
     "2026-11-01", "General", "rowid", "%", "_", "\\", "\u0661", "é", "\u0301"]
)  # fmt: skip


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    db = opened(tmp_path_factory.mktemp("search"))
    rooms = RoomStore(db)
    for room_id, name in (("!general", "General"), ("!lobby", "Lobby (African States)"), ("!two", "general")):
        room = rooms.changing(room_id, Membership.JOIN)
        rooms.apply(
            room,
            StateEvent(type="m.room.name", state_key="", sender=ALICE, event_id="", content={"name": name}),
        )
    aliased = rooms.changing("!aliased", Membership.JOIN)
    alias = StateEvent(
        type="m.room.canonical_alias",
        state_key="",
        sender=ALICE,
        event_id="",
        content={"alias": "#assets:a.test"},
    )
    rooms.apply(aliased, alias)
    timeline = Timeline(db)
    october, november = (int(datetime(2026, month, 15, tzinfo=UTC).timestamp() * 1000) for month in (10, 11))
    timeline.append(
        [
            message("$1", "A witness in General", room_id="!general", sent_at=october),
            message("$2", "A witness in the lobby", room_id="!lobby", sender=BOB, sent_at=october + 1),
            message("$3", "mutual legal assistance", room_id="!two", sent_at=november),
            message(
                "$4", "legal and mutual assistance", room_id="!aliased", sender=BOB, sent_at=november + 1
            ),
        ]
    )
    yield Search(timeline.index, rooms, BOB)
    db.close()


def found(search: Search, query: str) -> list[str]:
    return [hit.event_id for hit in search.find(query)]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(query=some.lists(_PIECES | some.text(max_size=5), max_size=12).map("".join) | some.text())
def test_any_text_is_an_answer_or_an_explained_refusal(search: Search, query: str) -> None:
    """No text is an error of the database, and none finds what has none of its words."""
    refusal: SearchRefused | UnknownRoom | None = None
    try:
        hits = search.find(query)
    except (SearchRefused, UnknownRoom) as refused:
        refusal = refused
    if refusal is None:
        assert len(hits) <= 4
    else:
        assert all((refusal.what, refusal.why, refusal.remedy))


@pytest.mark.parametrize(
    ("query", "event_ids"),
    [
        ("witn", ["$2", "$1"]),
        ("WITNESS general", ["$1"]),
        ("assistance mutual", ["$4", "$3"]),
        ('"mutual legal"', ["$3"]),
        ('"mutual leg"', []),
        ('legal "mutual', ["$4", "$3"]),
        ("witness in:!lobby", ["$2"]),
        ('in:"lobby (african states)"', ["$2"]),
        ("in:#assets:a.test", ["$4"]),
        ("in:General", ["$3", "$1"]),
        ("in:!lobby in:!general", ["$2", "$1"]),
        (f"from:{BOB}", ["$4", "$2"]),
        ("from:bob", ["$4", "$2"]),
        ("from:@BOB", ["$4", "$2"]),
        ("from:bob from:alice legal", ["$4", "$3"]),
        ("from:bo", []),
        ("before:2026-11-01 witness", ["$2", "$1"]),
        ("after:2026-11-01 assist", ["$4", "$3"]),
        ("after:2026-11-01 before:2026-11-14 assist", []),
        ("witness !!! ??", ["$2", "$1"]),
        ("a witness", ["$2", "$1"]),
        ("AND witness", []),
        ("NOT witness", []),
        ("witness*", ["$2", "$1"]),
        ("tags : witness", []),
    ],
)
def test_a_query_finds_what_it_says(search: Search, query: str, event_ids: list[str]) -> None:
    """Words, phrases, rooms, people and days mean what a person means by them."""
    assert found(search, query) == event_ids


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "There is no word in it."),
        (" !? ", "There is no word in it."),
        ("before:2026-11-01", "There is no word in it."),
        ("x", "Type one more letter."),
        ("in:!lobby x", "Type one more letter."),
        ("witness in:", "Nothing stands after 'in:'."),
        ("witness before:yesterday", "'yesterday' is no day."),
        ("witness after:2026-02-30", "'2026-02-30' is no day."),
        ("word " * 33, "more than 32 words"),
        ("w" * 1_001, "more than 1000 characters"),
    ],
)
def test_what_cannot_be_searched_for_is_refused_with_what_to_write(
    search: Search, query: str, words: str
) -> None:
    """Too little, too much and no date are told as such."""
    with pytest.raises(SearchRefused) as refused:
        search.find(query)
    assert words in f"{refused.value.why} {refused.value.remedy}"


def test_a_room_that_is_not_there_is_refused_with_the_nearest(search: Search) -> None:
    """A name that is nearly right is answered by the right one."""
    with pytest.raises(UnknownRoom) as refused:
        search.find("witness in:Genral")
    assert "Did you mean 'General'" in refused.value.remedy


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_a_limit_out_of_bounds_is_refused(search: Search, limit: int) -> None:
    """So many cannot be asked for."""
    with pytest.raises(SearchRefused, match="cannot be asked for"):
        search.find("witness", limit=limit)


def test_the_next_page_begins_after_the_last_hit(search: Search) -> None:
    """With the position of the last hit the following ones come, each once."""
    first = search.find("witness", limit=1)
    second = search.find("witness", limit=1, before=first[0].position)
    assert [hit.event_id for hit in (*first, *second)] == ["$2", "$1"]
    assert search.find("witness", before=second[0].position) == []
    assert search.find("witness", before=-(2**80)) == []
    assert len(search.find("witness", before=2**80)) == 2


def test_days_are_those_of_the_zone() -> None:
    """A day begins at its midnight where the person is."""
    east = timezone(timedelta(hours=9))
    assert read_query("word after:1970-01-02", UTC) == SearchQuery(words=("word",), after=86_400_000)
    assert read_query("word after:1970-01-02", east).after == 86_400_000 - 9 * 3_600_000
