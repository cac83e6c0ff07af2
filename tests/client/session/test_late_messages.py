"""An outage between nodes, as a session sees it: what our server fetches afterwards is told by no sync."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from client.session import gaps, sync_application
from client.session.session import OpenSession
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver, Object
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

BEFORE, LATE, AFTER = range(5), range(5, 45), range(45, 48)
"""Alice's messages before the outage, in it, and after it. In it Bob says thirty himself."""
BOBS = range(30)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "_PAGE", 10)
    monkeypatch.setattr(gaps, "_LOOK_AGAIN", (0.001, 0.001))
    monkeypatch.setattr(gaps, "_LOOK_LATER", (0.001, 0.001))


class BobsServer:
    """Has of Alice's messages what `hear` was given, and in its history alone what it has fetched late."""

    def __init__(self, server: FakeHomeserver, from_alice: Sequence[Object]) -> None:
        self.server, self.from_alice = server, from_alice
        self.fetches: list[Sequence[int]] = []
        """What it has fetched once the first, the second, ... walk begins."""
        self.fetched: Sequence[int] = ()
        self.dies_at = -1
        """The page at which the session that asks for it dies."""
        self._sync, self._asked = server.sync, 0
        server.sync = self.sync  # type: ignore[method-assign] # the seam
        server.messages = self.messages  # type: ignore[method-assign] # the seam

    async def hear(self, numbers: range) -> None:
        for number in numbers:
            await self.server.put_event(self.from_alice[number])

    async def sync(self, user: str, device: str, since: str | None, timeout: float) -> Object:
        """Answer /sync, and tell of a gap before the first message after the outage."""
        answer = await self._sync(user, device, since, timeout)
        for room in answer["rooms"].get("join", {}).values():
            room["timeline"]["limited"] = self.from_alice[AFTER[0]] in room["timeline"]["events"]
        return answer

    def messages(self, query: dict[str, str]) -> Object:
        """Answer GET /messages in the order in which things were said: Bob's between Alice's."""
        self._asked += 1
        if self._asked == self.dies_at:
            raise MemoryError("as good as kill -9: nothing after this line runs")
        before = query["from"].removeprefix("before ")
        if before == query["from"] and self.fetches:
            self.fetched = self.fetches.pop(0)
        bobs = [event for event in self.server.timeline if event["sender"].startswith("@bob")]
        order = list(self.from_alice[: LATE[0]])
        for number in LATE:
            order += [self.from_alice[number], *bobs[number - LATE[0] :][:1]]
        order += self.from_alice[AFTER[0] :]
        late = [self.from_alice[number] for number in self.fetched]
        has = [n for n, event in enumerate(order) if event in self.server.timeline or event in late]
        page = [n for n in has if not before.isdecimal() or n < int(before)][-int(query["limit"]) :]
        return {"chunk": [order[n] for n in reversed(page)], **({"end": f"before {page[0]}"} if page else {})}


async def after_an_outage(root: Path, *, in_a_session: int = 50) -> tuple[BobsServer, Person]:
    """Alice has said everything, Bob has said everything, and has heard what was before the outage."""
    server, alice, bob = await alice_and_bob(root)
    server.encryption = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": in_a_session}
    async with alice.session() as a:
        for number in range(AFTER[-1] + 1):
            await a.send(ROOM, {"msgtype": "m.text", "body": f"alice {number}"})
    node = BobsServer(server, server.timeline[:])
    server.timeline.clear()
    async with bob.session() as b:
        await node.hear(BEFORE)
        for number in BOBS:
            await b.send(ROOM, {"msgtype": "m.text", "body": f"bob {number}"})
        await next_event(b, lambda event: event.body == f"bob {BOBS[-1]}")
        while await b.new_events():
            pass  # told and taken
    await node.hear(AFTER)
    return node, bob


async def caught_up(session: OpenSession) -> tuple[list[str | None], list[str | None]]:
    """Return what the room shows and what `listen` is told, once nothing is missing."""
    updates = session.updates()
    while await session.gaps(ROOM):
        await anext(updates)
    shown = [event.body for event in await session.timeline(ROOM, limit=1000)]
    return shown, [event.body for event in await session.new_events()]


async def _until_it_dies(person: Person) -> None:
    async with person.session() as session:
        await caught_up(session)


EXPECTED = [
    *(f"alice {number}" for number in BEFORE),
    *(f"bob {number}" for number in BOBS),
    *(f"alice {number}" for number in (*LATE, *AFTER)),
]


@pytest.mark.parametrize(
    "fetches",
    [
        pytest.param([LATE], id="at once"),
        pytest.param([range(5, 8), LATE], id="the oldest first"),
        pytest.param([range(30, 45), LATE], id="the newest first"),
        pytest.param([range(0), range(20, 22), range(19, 30), LATE], id="bit by bit"),
    ],
)
async def test_what_is_fetched_after_an_outage_stands_as_it_was_sent(
    tmp_path: Path, fetches: list[Sequence[int]]
) -> None:
    """Whatever our server fetches first, the timeline and `listen` have the other's messages in order."""
    node, bob = await after_an_outage(tmp_path)
    node.fetches = fetches
    async with bob.session() as b:
        shown, told = await caught_up(b)
    assert node.fetches == []
    assert shown == EXPECTED
    assert told == EXPECTED[len(BEFORE) + len(BOBS) :]


@pytest.mark.parametrize("fruitless", [3, 4])
async def test_a_server_that_takes_long_is_asked_for_as_long_as_there_is_a_hole(
    tmp_path: Path, fruitless: int
) -> None:
    """Walk after walk finds nothing new, and a hole is seen: what comes then is found all the same."""
    node, bob = await after_an_outage(tmp_path)
    node.fetches = [*([range(5, 8)] * fruitless), LATE]
    async with bob.session() as b:
        shown, _ = await caught_up(b)
    assert shown == EXPECTED


async def test_what_is_new_does_not_wait_for_a_server_that_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some walks that found nothing `listen` is told what there is; the gap stays to be seen."""
    monkeypatch.setattr(gaps, "_LOOK_LATER", (600.0,))
    node, bob = await after_an_outage(tmp_path)
    node.fetches = [range(5, 8)]
    async with bob.session() as b:
        updates, told = b.updates(), list[str | None]()
        while not told:
            told = [event.body for event in await b.new_events()]
            if not told:
                await anext(updates)
        assert told == [f"alice {number}" for number in (*range(5, 8), *AFTER)]
        assert len(await b.gaps(ROOM)) == 1


async def test_whole_sessions_that_are_missing_leave_no_hole_and_are_found(tmp_path: Path) -> None:
    """Sessions of ten messages: where one is fetched after those on both sides of it, it is waited for."""
    node, bob = await after_an_outage(tmp_path, in_a_session=10)
    node.fetches = [range(5, 8), [*range(5, 20), *range(30, 45)], LATE]
    async with bob.session() as b:
        shown, _ = await caught_up(b)
    assert shown == EXPECTED


async def test_walks_that_find_something_do_not_use_up_what_one_may_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three walks of fewer events than a gap may hold, together more: all is fetched, nothing is given up."""
    monkeypatch.setattr(sync_application, "MOST_MISSED", 100)
    node, bob = await after_an_outage(tmp_path)
    node.fetches = [range(5, 8), range(5, 30), LATE]
    async with bob.session() as b:
        shown, _ = await caught_up(b)
    assert shown == EXPECTED


@pytest.mark.parametrize("dies_at", [2, 6, 10, 12])
async def test_a_session_that_dies_in_a_walk_goes_on_in_order(tmp_path: Path, dies_at: int) -> None:
    """Killed at a page of the first or of the second walk, the next puts the rest where it belongs."""
    node, bob = await after_an_outage(tmp_path)
    node.fetches, node.dies_at = [range(5, 8), LATE], dies_at
    with pytest.raises(MemoryError):
        await _until_it_dies(bob)
    async with bob.session() as b:
        shown, told = await caught_up(b)
    assert shown == EXPECTED
    assert told == EXPECTED[len(BEFORE) + len(BOBS) :]
