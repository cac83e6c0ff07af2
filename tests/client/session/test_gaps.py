from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from client.session import gaps
from client.session.errors import HomeserverRefused, LimitExceeded, NotAllowed
from client.session.events import Connection, ConnectionChanged, Gap
from client.session.session import OpenSession
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver, Object
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

BEFORE, MISSED, LATEST = "before", [f"missed {number}" for number in range(250)], "latest"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(gaps, "_LONGEST_PAUSE", 0.002)


async def bob_misses_much(root: Path) -> tuple[FakeHomeserver, Person, Person]:
    """Bob has read one message; then come 250 more and the latest, of which a sync tells him ten."""
    server, alice, bob = await alice_and_bob(root)
    async with alice.session() as a:
        await a.send(ROOM, {"msgtype": "m.text", "body": BEFORE})
        async with bob.session() as b:
            await next_event(b, lambda event: event.body == BEFORE)
            assert await b.new_events()
            assert not await b.new_events()  # the first are taken
        for body in [*MISSED, LATEST]:
            await a.send(ROOM, {"msgtype": "m.text", "body": body})
    server.most_in_a_sync = 10
    return server, alice, bob


async def until(session: OpenSession, condition: Callable[[list[Gap]], bool]) -> list[Gap]:
    """Wait until the room's gaps are as wanted, and return them."""
    updates = session.updates()
    while not condition(found := list(await session.gaps(ROOM))):
        await anext(updates)
    return found


async def _until_it_dies(person: Person) -> None:
    async with person.session() as session:
        await until(session, lambda found: False)


async def bodies(session: OpenSession) -> list[str | None]:
    return [event.body for event in await session.timeline(ROOM, limit=1000)]


async def test_what_was_missed_is_fetched_in_order_and_told_of_in_order(tmp_path: Path) -> None:
    """In the timeline and for `listen` 251 messages stand in the order in which they were sent, once each."""
    _, _, bob = await bob_misses_much(tmp_path)
    async with bob.session() as b:
        await until(b, lambda found: not found)
        assert await bodies(b) == [BEFORE, *MISSED, LATEST]
        assert [event.body for event in await b.new_events()] == [*MISSED, LATEST]


async def test_a_room_of_which_all_is_missing_is_dated_by_what_is_fetched(tmp_path: Path) -> None:
    """A new room whose answer holds no message stands in the list by its latest one, after a restart too."""
    server, _, _ = await bob_misses_much(tmp_path)
    server.most_in_a_sync = 0
    new = await Person(server, "@bob:b.test", "NEW", tmp_path).enrol(anew=False)
    latest = max(event["origin_server_ts"] for event in server.timeline)
    for _ in range(2):
        async with new.session() as b:
            await until(b, lambda found: not found)
            assert [room.last_activity for room in await b.rooms()] == [latest]


async def test_while_it_is_fetched_the_session_says_that_it_is_catching_up(tmp_path: Path) -> None:
    """Catching up in one room, with what is known of counted, and then live; never live in between."""
    _, _, bob = await bob_misses_much(tmp_path)
    async with bob.session() as b:
        told = []
        async for update in b.updates():
            if isinstance(update, ConnectionChanged):
                told.append(update)
                if update.connection is Connection.LIVE:
                    break
        assert [update.connection for update in told[:-1]] == [Connection.CATCHING_UP] * (len(told) - 1)
        assert {update.rooms for update in told[:-1]} == {1}
        assert max(update.total for update in told) >= 200
        assert all(0 <= update.remaining <= update.total for update in told)
        assert told[-1] == ConnectionChanged(connection=Connection.LIVE)


async def test_a_large_answer_is_counted_down(tmp_path: Path) -> None:
    """251 messages in one answer: catching up, so many of so many, and then live."""
    server, _, bob = await bob_misses_much(tmp_path)
    server.most_in_a_sync = 1000
    server.failing = lambda user, path: user == bob.user_id
    async with bob.session() as b:
        updates = b.updates()
        server.failing = lambda user, path: False
        told: list[ConnectionChanged] = []
        while not told or told[-1].connection is not Connection.LIVE:
            if isinstance(update := await anext(updates), ConnectionChanged):
                told.append(update)
        assert [update.connection for update in told] == [
            Connection.OFFLINE,
            *[Connection.CATCHING_UP] * 3,
            Connection.LIVE,
        ]
        assert [(update.remaining, update.total) for update in told[1:4]] == [
            (251, 251),
            (151, 251),
            (51, 251),
        ]


async def test_what_is_new_does_not_wait_for_a_gap(tmp_path: Path) -> None:
    """While the server is away for what was missed, a new message arrives; the gap is filled later."""
    server, alice, bob = await bob_misses_much(tmp_path)
    away = True
    server.failing = lambda user, path: away and path.endswith("/messages")
    async with bob.session() as b, alice.session() as a:
        await a.send(ROOM, {"msgtype": "m.text", "body": "new"})
        await next_event(b, lambda event: event.body == "new")
        [gap] = await until(b, lambda found: bool(found) and found[0].trouble is not None)
        assert "does not answer" in str(gap.trouble)
        assert b.connection is Connection.LIVE
        [before, *_] = await b.timeline(ROOM, limit=1000)
        assert (before.body, before.position) == (BEFORE, gap.position)
        waited = [event.body for event in await b.new_events()]
        assert waited == [*MISSED[-9:], LATEST, "new"]
        away = False
        await until(b, lambda found: not found)
        assert await bodies(b) == [BEFORE, *MISSED, LATEST, "new"]
        late = {event.body for event in await b.new_events()}
        assert late == set(MISSED[:-9])


async def test_a_gap_that_is_refused_stays_to_be_seen_and_is_asked_for_by_the_next_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """403: the gap says why, nothing waits behind it, it is asked for by the next process only."""
    server, _, bob = await bob_misses_much(tmp_path)
    asked = 0

    def refuse(query: Object) -> Object:
        nonlocal asked
        asked += 1
        raise NotAllowed("x", why="It answered 403.", remedy="z", status=403, errcode="M_FORBIDDEN")

    with monkeypatch.context() as patch:
        patch.setattr(server, "messages", refuse)
        async with bob.session() as b:
            [gap] = await until(b, lambda found: bool(found) and found[0].trouble is not None)
            assert gap.trouble == "The homeserver does not give what was written here. It answered 403."
            assert [event.body for event in await b.new_events()] == [*MISSED[-9:], LATEST]
            assert asked == 1
    async with bob.session() as b:
        await until(b, lambda found: not found)
        assert await bodies(b) == [BEFORE, *MISSED, LATEST]


async def test_a_session_that_ends_in_a_gap_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one page the process dies: the next session asks for the pages that are missing, and no other."""
    server, _, bob = await bob_misses_much(tmp_path)
    honest, pages = server.messages, list[str]()

    def one_page(query: Object) -> Object:
        if pages:
            raise MemoryError("as good as kill -9: nothing after this line runs")
        pages.append(query["from"])
        return honest(query)

    with monkeypatch.context() as patch:
        patch.setattr(server, "messages", one_page)
        with pytest.raises(MemoryError):
            await _until_it_dies(bob)

    def counted(query: Object) -> Object:
        pages.append(query["from"])
        return honest(query)

    monkeypatch.setattr(server, "messages", counted)
    async with bob.session() as b:
        await until(b, lambda found: not found)
        assert await bodies(b) == [BEFORE, *MISSED, LATEST]
        assert [event.body for event in await b.new_events()] == [*MISSED, LATEST]
    assert [page.split("_")[1] for page in pages] == ["252", "152", "52"]


@pytest.mark.parametrize("late", ["all of it", "a part"])
async def test_what_the_server_has_to_fetch_itself_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """At first the server has nothing of a gap, or not all: it is looked through again until it has."""
    monkeypatch.setattr(gaps, "_LOOK_AGAIN", (0.001, 0.001))
    server, _, bob = await bob_misses_much(tmp_path)
    honest, asked = server.messages, 0

    def still_fetching(query: Object) -> Object:
        nonlocal asked
        asked += 1
        page = honest(query)
        if late == "all of it" and asked == 1:
            return {"chunk": server.timeline[:1]}
        if late == "a part" and asked <= 3:  # the first walk
            return {**page, "chunk": page["chunk"][:10] + page["chunk"][20:]}
        return page

    monkeypatch.setattr(server, "messages", still_fetching)
    async with bob.session() as b:
        await until(b, lambda found: not found)
        assert await bodies(b) == [BEFORE, *MISSED, LATEST]
        assert [event.body for event in await b.new_events()] == [*MISSED, LATEST]
    assert asked == {"all of it": 7, "a part": 9}[late]


async def test_two_gaps_of_one_room_keep_their_order(tmp_path: Path) -> None:
    """Two absences in a row, the first gap still open: both are filled, and everything is in its place."""
    server, alice, bob = await bob_misses_much(tmp_path)
    away = True
    server.failing = lambda user, path: away and path.endswith("/messages")
    async with bob.session() as b:
        await until(b, lambda found: bool(found))
    more = [f"more {number}" for number in range(30)]
    async with alice.session() as a:
        for body in more:
            await a.send(ROOM, {"msgtype": "m.text", "body": body})
    async with bob.session() as b:
        assert len(await until(b, lambda found: len(found) > 1)) == 2
        away = False
        await until(b, lambda found: not found)
        assert await bodies(b) == [BEFORE, *MISSED, LATEST, *more]


async def test_a_server_that_never_ends_is_believed_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages without end that bring nothing are asked for as often as full ones would be, and not for ever."""
    server, _, bob = await bob_misses_much(tmp_path)
    numbers = iter(range(10**9))
    monkeypatch.setattr(server, "messages", lambda query: {"chunk": [], "end": f"0_{next(numbers)}_0"})
    async with bob.session() as b:
        [gap] = await until(b, lambda found: bool(found) and found[0].trouble is not None)
        assert "More is missing" in str(gap.trouble)
    assert next(numbers) == 1000


async def test_a_page_with_anything_in_it_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events of wrong types, the same twice, wrong times: the good ones stand in the server's order."""
    server, _, bob = await bob_misses_much(tmp_path)
    honest = server.messages
    odd = [None, 5, {"type": 5}, {"event_id": "$1"}]

    def hostile(query: Object) -> Object:
        page = honest(query)
        chunk = [
            {**event, "origin_server_ts": 2**60 if n % 3 else -5} for n, event in enumerate(page["chunk"])
        ]
        return {**page, "chunk": [*odd, *chunk, *chunk[:3]]}

    monkeypatch.setattr(server, "messages", hostile)
    async with bob.session() as b:
        await until(b, lambda found: not found)
        assert await bodies(b) == [BEFORE, *MISSED, LATEST]


@pytest.mark.parametrize("status", [500, 502, 429])
async def test_a_failing_server_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """500, 502 and 429 are no answer about the gap: it is asked for again until it is there."""
    server, _, bob = await bob_misses_much(tmp_path)
    honest, attempts = server.messages, 0

    def failing(query: Object) -> Object:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            kind = LimitExceeded if status == 429 else HomeserverRefused
            raise kind("x", why="y", remedy="z", status=status, errcode="M")
        return honest(query)

    monkeypatch.setattr(server, "messages", failing)
    async with bob.session() as b:
        await until(b, lambda found: not found)
        assert await bodies(b) == [BEFORE, *MISSED, LATEST]
        assert [event.body for event in await b.new_events()] == [*MISSED, LATEST]
