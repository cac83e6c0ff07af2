"""An answer with many messages: written ahead of its token, and known when it comes again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from client.session import pacing
from client.session.message_writer import MessageWriter
from client.session.store.checkpoints import Checkpoints
from client.session.store.room_store import RoomStore
from client.session.store.timeline import Timeline
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.store.timelines import message, opened

_COUNT = 300


async def _written(root: Path) -> Person:
    """Return Bob, who has not seen yet what Alice wrote."""
    _, alice, bob = await alice_and_bob(root)
    async with alice.session() as a:
        for number in range(_COUNT):
            await a.send(ROOM, {"msgtype": "m.text", "body": f"message {number}"})
    return bob


async def _holds_everything_once(bob: Person) -> None:
    async with bob.session() as b:
        bodies = [event.body for event in await b.timeline(ROOM, limit=1_000)]
        assert bodies == [f"message {number}" for number in range(_COUNT)]
        assert len(await b.search("message", limit=1_000)) == _COUNT
        assert [event.body for event in await b.new_events()] == bodies
        assert await b.new_events() == []


async def test_a_long_answer_is_taken_in_whole_and_in_order(tmp_path: Path) -> None:
    """Each of many messages is there once, in order, found, and told once to who listens."""
    await _holds_everything_once(await _written(tmp_path))


async def test_a_long_answer_that_was_cut_off_before_its_token_comes_again_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages that were written before the process died are not doubled, and the keys are not lost."""
    bob = await _written(tmp_path)

    def die(self: RoomStore) -> set[str]:
        raise MemoryError("as good as kill -9: nothing after this line runs")

    with monkeypatch.context() as patch:
        patch.setattr(RoomStore, "save_changes", die)
        with pytest.raises(MemoryError):
            async with bob.session():
                raise AssertionError("it opened")
    db = bob.store()
    assert Timeline(db).has_any(ROOM), "nothing was written ahead: this shows nothing"
    db.close()
    await _holds_everything_once(bob)


async def test_the_event_loop_does_not_keep_the_writer_from_its_work(tmp_path: Path) -> None:
    """A thread that waits for Python's lock asks for it before the loop's slice is over, and gets it."""
    db = opened(tmp_path)
    async with MessageWriter(db) as writer:
        await writer.write([message("$1", "text")])
        assert sys.getswitchinterval() < pacing.SLICE_SECONDS
        await writer.finish()
    db.close()


async def test_a_lot_that_was_begun_is_written_also_when_nobody_waits_any_more(tmp_path: Path) -> None:
    """Cancelled in the middle, the writer leaves whole lots, and the store can be closed."""
    db = opened(tmp_path)
    begun = asyncio.Event()

    async def write() -> None:
        async with MessageWriter(db) as writer:
            await writer.write([message(f"${number}", "text") for number in range(2_000)])
            begun.set()
            await writer.finish()

    task = asyncio.create_task(write())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert db.execute("SELECT count(*) FROM events").fetchone()[0] in (0, 2_000)
    db.close()


async def test_a_long_log_is_moved_into_the_database_and_a_short_one_is_left(tmp_path: Path) -> None:
    """After many pages were committed a checkpoint moves them all; after a few there is none."""
    db = opened(tmp_path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    checkpoints = Checkpoints(db)

    async def left_after(count: int, name: str) -> tuple[int, int]:
        async with MessageWriter(db) as writer:
            await writer.write([message(f"${name}{number}", "text " * 400) for number in range(count)])
            await writer.finish()
        before = db.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
        await checkpoints.after_commit()
        after = db.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
        return before[1] - before[2], after[1] - after[2]

    few, still = await left_after(1, "few")
    assert 0 < few == still
    many, none = await left_after(2_000, "many")
    assert many > 1_000
    assert none == 0
    db.close()
