"""How far back a gap is looked through, when what each side said in an outage lies side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from client.session.events import Trust
from client.session.gap_walk import GapWalk
from client.session.store.gap_store import GapStore
from client.session.store.schema import account_schema
from client.session.store.timeline import NewEvent, Timeline
from client.session.store.vault import migrate, open_vault

Event = tuple[str, str]
"""Its id and its sender."""
ROOM = "!r"


def chain(name: str, server: str, numbers: range) -> list[Event]:
    """What a user of a server said, newest first."""
    return [(f"${name}{number}", f"@{name}:{server}") for number in reversed(numbers)]


def rows(events: Sequence[Event]) -> list[NewEvent]:
    return [
        NewEvent(ROOM, name, sender, 1, "m.room.encrypted", {}, Trust.PINNED)
        for name, sender in reversed(events)
    ]


def walked(path: Path, history: Sequence[Event], known: Sequence[Event], later: Sequence[Event]) -> int:
    """Return how many events of `history` are met until the walk is over, all of them where it never is."""
    db = open_vault(path / "store.db", bytes(32))
    try:
        migrate(db, account_schema, path)
        timeline = Timeline(db)
        gaps = GapStore(db, timeline)
        timeline.append(rows(known))
        gaps.open(ROOM, 100_000)
        timeline.append(rows(later))
        gap = gaps.oldest(ROOM)
        assert gap is not None
        walk = GapWalk(gaps, gap)
        for count, (event_id, sender) in enumerate(history, 1):
            walk.meet(msgspec.Raw(msgspec.json.encode({"event_id": event_id, "sender": sender})))
            if walk.is_over:
                return count
        return len(history)
    finally:
        db.close()


@pytest.mark.parametrize("ours", [3, 250])
def test_what_our_own_side_said_does_not_hide_what_the_other_said(tmp_path: Path, ours: int) -> None:
    """Our server's messages, which we have, do not end a walk above the other's, however many they are."""
    before = [*chain("a", "a.test", range(5)), *chain("b", "b.test", range(2))]
    said_by_us = chain("b", "b.test", range(2, 2 + ours))
    said_by_them = chain("a", "a.test", range(5, 7))
    history = [*said_by_us, *said_by_them, *before]
    met = walked(tmp_path, history, [*said_by_us, *before], [("$a7", "@a:a.test")])
    assert met > ours + len(said_by_them)


def test_a_walk_ends_when_every_chain_is_closed(tmp_path: Path) -> None:
    """A long history that is stored is not walked through again."""
    before = chain("a", "a.test", range(3_000))
    history = [*chain("a", "a.test", range(3_000, 3_150)), *before]
    assert walked(tmp_path, history, before, [("$a3150", "@a:a.test")]) == 150 + 100


def test_a_server_that_never_spoke_does_not_have_all_of_it_walked_through(tmp_path: Path) -> None:
    """A chain of which nothing is stored leaves a walk open for a thousand stored events, and no more."""
    before = chain("a", "a.test", range(3_000))
    assert walked(tmp_path, before, before, [("$new", "@c:c.test")]) == 1_000


def test_what_is_older_than_the_store_is_not_walked_through(tmp_path: Path) -> None:
    """History from before the oldest stored event was never ours: it is not taken for something missed."""
    events = chain("a", "a.test", range(300))
    assert walked(tmp_path, events, events[10:60], []) == 60
