"""What walks find late stands in each sender's order, whatever was told and found before, and when."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import hypothesis.strategies as some
import pytest
from hypothesis import given, settings

from client.session.store.gap_store import GapStore
from client.session.store.sqlcipher import Database
from client.session.store.timeline import NewEvent, Timeline
from client.session.store.vault import Vault
from tests.client.session.store.timelines import ROOM, emptied, message, opened

SENDERS = ("@a:a.test", "@b:b.test", "@c:a.test")
_TIMES = some.sampled_from([0, 1_000, 1_001, 1_700_000_000_000, 2**44])


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    vault = opened(tmp_path_factory.mktemp("placing"))
    yield vault
    vault.close()


@dataclass
class Node:
    """A server: it has `history` in its order, of which it tells some by /sync and fetches the rest late.

    What it hears while a walk goes on is newer than what the walk has met, or the walk will meet it. It tells
    no message after the walk has stored a later one of its sender that it has not told: a sync whose answer
    was on its way for as long as a page is the one case in which two of a sender's may stand the wrong way.
    """

    db: Database
    history: Sequence[NewEvent]
    untold: list[int]
    """What it will tell, in the order in which it hears it: each sender's in theirs."""
    heard: int = 0
    """Of how much of that it can give history, though it has not told it yet."""
    has: set[int] = field(default_factory=set)
    cursor: int | None = None
    """Above which event the walk has come; None when none has begun."""
    given: set[int] = field(default_factory=set)
    """What it has given by history."""
    stored: set[int] = field(default_factory=set)
    """What of that the walk has stored."""

    def tell(self, count: int, *, is_limited: bool) -> None:
        """Tell by /sync what comes next, or as much of it as does not slip in below a walk."""
        told: list[int] = []
        while self.untold and len(told) < count and self._may_tell(self.untold[0]):
            told.append(self.untold.pop(0))
        self.heard = max(self.heard - len(told), 0)
        with self.db.atomic():
            timeline = Timeline(self.db)
            if is_limited:
                GapStore(self.db, timeline).open(ROOM, 1_000_000)
            timeline.append([self.history[number] for number in told])
        self.has.update(told)

    def _may_tell(self, number: int) -> bool:
        sender = self.history[number].sender
        later = (n for n in self.untold if n > number and self.history[n].sender == sender)
        return number >= (self.cursor or 0) or (number in self.given and self.stored.isdisjoint(later))

    def fetch(self, late: Iterable[int]) -> None:
        """Have some of what is told by no sync; what comes before it is fetched as it was."""
        waiting = {self.history[number].sender: number for number in reversed(self.untold)}
        self.has.update(n for n in late if n < waiting.get(self.history[n].sender, len(self.history)))

    def page(self, size: int, told_meanwhile: int = 0) -> None:
        """Let the walk go on by a page, in a process that remembers nothing; at the end begin another.

        As the page is on its way some more is told.
        """
        timeline = Timeline(self.db)
        store = GapStore(self.db, timeline)
        gap = store.oldest(ROOM)
        if gap is None:
            return
        has = self.has | set(self.untold[: self.heard])
        if self.cursor is None:
            self.cursor = len(self.history)
            gap = replace(gap, top=timeline.end_of(ROOM))
            has = self.has  # a walk begins at what was told
        found = sorted((number for number in has if number < self.cursor), reverse=True)[:size]
        self.given.update(found)
        self.tell(told_meanwhile, is_limited=False)
        with self.db.atomic():
            below = store.fill(gap, [self.history[number] for number in found]).below
            self.stored.update(found)
            if len(found) == size:
                self.cursor = found[-1]
                store.advance(gap, "next", size, below)
            else:
                self.cursor = None
                store.begin_again(gap)

    def walk(self, size: int) -> None:
        """Let a walk that has begun end, or begin one."""
        self.page(size)
        while self.cursor is not None:
            self.page(size)


def in_order(db: Database) -> dict[str, list[int]]:
    """Return the numbers of what is stored of each sender, as it stands."""
    stored: dict[str, list[int]] = {sender: [] for sender in SENDERS}
    for event in Timeline(db).page(ROOM, None, 10_000):
        stored[event.sender].append(int(event.event_id[1:]))
    return stored


@settings(max_examples=100, deadline=None)
@given(data=some.data())
def test_any_interleaving_of_syncs_and_walks_leaves_each_sender_in_order(
    db: Vault, data: some.DataObject
) -> None:
    """Whatever is told and fetched when, with gaps anywhere: at every moment each sender's order is kept."""
    senders = data.draw(some.lists(some.sampled_from(SENDERS), min_size=1, max_size=40))
    history = [
        message(f"${number}", str(number), sender=sender, sent_at=data.draw(_TIMES))
        for number, sender in enumerate(senders)
    ]
    late = data.draw(some.sets(some.integers(0, len(senders) - 1)))
    queues = [
        [number for number, sender in enumerate(senders) if sender == each and number not in late]
        for each in SENDERS
    ]
    untold = []
    while any(queues):
        untold.append(data.draw(some.sampled_from([queue for queue in queues if queue])).pop(0))
    node = Node(emptied(db), history, untold)
    for _ in range(data.draw(some.integers(1, 30))):
        step = data.draw(some.sampled_from(["tell", "tell after a gap", "hear", "fetch", "page"]))
        if step == "hear":
            node.heard = min(node.heard + data.draw(some.integers(1, 8)), len(node.untold))
        elif step == "fetch":
            node.fetch(data.draw(some.sets(some.sampled_from(sorted(late)))) if late else set())
        elif step == "page":
            node.page(data.draw(some.integers(1, 12)), data.draw(some.integers(0, 4)))
        else:
            node.tell(data.draw(some.integers(1, 8)), is_limited=step != "tell")
        assert all(numbers == sorted(numbers) for numbers in in_order(db).values())
    node.walk(100)
    node.tell(100, is_limited=True)
    node.has |= late
    node.walk(data.draw(some.integers(1, 50)))
    wanted = {each: [n for n, sender in enumerate(senders) if sender == each] for each in SENDERS}
    assert in_order(db) == wanted


def _finds(order: str, numbers: Sequence[int], at_a_time: int) -> list[Sequence[int]]:
    """Return in which lots messages are found: the oldest first, the newest first, or anyhow."""
    found = list(numbers)
    if order == "newest first":
        found.reverse()
    elif order == "anyhow":
        random.Random(at_a_time).shuffle(found)  # noqa: S311 # an order, no secret
    return [found[start : start + at_a_time] for start in range(0, len(found), at_a_time)]


@pytest.mark.parametrize("order", ["oldest first", "newest first", "anyhow"])
@pytest.mark.parametrize(("clocks", "count", "at_a_time"), [("right", 600, 7), ("fast", 60, 7)])
@pytest.mark.parametrize("closed", [False, True])
def test_there_is_room_in_whatever_order_an_outage_is_fetched(
    db: Vault, order: str, clocks: str, count: int, at_a_time: int, *, closed: bool
) -> None:
    """Found in dozens of walks the messages of an outage stand in order; in some, with clocks of no use.

    So they do when their gap was closed, and the walks are those of another one.
    """
    began = 1_700_000_000_000
    times = [began + 20 * number if clocks == "right" else 2**44 for number in range(count + 2)]
    history = [message(f"${n}", str(n), sender=SENDERS[0], sent_at=time) for n, time in enumerate(times)]
    ours = message(f"${count + 2}", "ours", sender=SENDERS[1], sent_at=times[-1])
    later = message(f"${count + 3}", "later", sender=SENDERS[0], sent_at=times[-1] + 1_000)
    node = Node(emptied(db), [*history, ours, later], [0, count + 2, count + 1, count + 3])
    node.tell(2, is_limited=False)
    node.tell(1, is_limited=True)
    if closed:
        gaps = GapStore(db, Timeline(db))
        gap = gaps.oldest(ROOM)
        assert gap is not None
        gaps.close(gap)
    node.tell(1, is_limited=closed)
    for found in _finds(order, range(1, count + 1), at_a_time):
        node.has.update(found)
        node.walk(100)
    assert in_order(db)[SENDERS[0]] == [*range(count + 2), count + 3]


@pytest.mark.parametrize("order", ["oldest first", "newest first", "anyhow"])
def test_there_is_room_beside_what_the_server_puts_at_another_time(db: Vault, order: str) -> None:
    """Our later message is in the middle of what the other side said, which is found in dozens of walks."""
    began = 1_700_000_000_000
    history = [message(f"${n}", str(n), sender=SENDERS[0], sent_at=began + 20 * n) for n in range(600)]
    for number, later in ((1, 40_000), (300, 50_000)):
        history[number] = message(f"${number}", "ours", sender=SENDERS[1], sent_at=began + later)
    node = Node(emptied(db), history, [0, 1, 599])
    node.tell(2, is_limited=False)
    node.tell(1, is_limited=True)
    node.has.add(300)
    node.walk(100)
    for found in _finds(order, [n for n in range(2, 599) if n != 300], 7):
        node.has.update(found)
        node.walk(100)
    assert in_order(db)[SENDERS[0]] == [n for n in range(600) if n not in (1, 300)]


def test_what_is_found_late_stands_where_a_person_reads_on(tmp_path: Path) -> None:
    """Messages of an outage stand behind what was read in it, in the server's order, not up among it."""
    ours, theirs = SENDERS[1], SENDERS[0]
    db = opened(tmp_path)
    history = [message(f"${number}", str(number), sender=(ours, theirs)[number % 2]) for number in range(20)]
    node = Node(db, history, [*range(0, 20, 2), 19])
    node.tell(10, is_limited=False)
    node.tell(1, is_limited=True)
    node.has.update(range(20))
    node.walk(6)
    shown = [int(event.event_id[1:]) for event in Timeline(db).page(ROOM, None, 100)]
    assert shown == [*range(0, 20, 2), *range(1, 20, 2)]
    db.close()


def test_what_two_gaps_with_nothing_between_held_stands_behind_both(db: Vault) -> None:
    """A sync that brings nothing but a gap, twice: what is found, all of it new, is shown behind them."""
    timeline = Timeline(emptied(db))
    gaps = GapStore(db, timeline)
    timeline.append([message("$1", "before")])
    gaps.open(ROOM, 1_000)
    gaps.open(ROOM, 1_000)
    gap = gaps.oldest(ROOM)
    assert gap is not None
    gaps.fill(gap, [message("$3", "missed"), message("$2", "missed"), message("$1", "before")])
    first, *found = timeline.page(ROOM, None, 10)
    assert [event.event_id for event in (first, *found)] == ["$1", "$2", "$3"]
    assert found[0].position > max(each.position for each in gaps.of_room(ROOM))


def _history(senders: str) -> list[NewEvent]:
    return [message(f"${n}", str(n), sender=f"@{sender}:a.test") for n, sender in enumerate(senders)]


def test_what_a_sync_tells_while_its_page_is_on_its_way_keeps_the_order(db: Vault) -> None:
    """A page has two messages of a sender; the older one is told before it is there, the newer one after."""
    node = Node(emptied(db), _history("aaac"), [0, 3, 1, 2])
    node.tell(1, is_limited=False)
    node.tell(1, is_limited=True)
    node.page(1)
    node.heard = 2
    node.page(10, told_meanwhile=1)
    node.tell(1, is_limited=False)
    assert Timeline(db).event(ROOM, "$2") is not None
    assert in_order(db)["@a:a.test"] == [0, 1, 2]


def test_a_sender_s_order_goes_before_the_order_of_two(db: Vault) -> None:
    """Where a sync has told of two senders otherwise than history does, each one's messages are in order."""
    node = Node(emptied(db), _history("aaac"), [0, 3, 1])
    node.tell(1, is_limited=False)
    node.tell(2, is_limited=True)
    node.has.add(2)
    node.walk(10)
    assert in_order(db)["@a:a.test"] == [0, 1, 2]
