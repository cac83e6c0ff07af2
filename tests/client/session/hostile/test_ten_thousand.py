from __future__ import annotations

import asyncio
import gc
import logging
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from client.session.crypto.machine import Machine
from client.session.errors import HomeserverRefused
from client.session.events import Connection, TimelineEvent, Trust
from client.session.progress import Progress
from client.session.store.gap_store import GapStore
from client.session.store.room_store import RoomStore
from client.session.store.timeline import Timeline
from client.session.sync_answer import SyncAnswer
from client.session.sync_application import SyncApplication
from client.session.updates import Updates
from client.session.wire import read_answer
from tests.client.session.attesting import MANIFEST
from tests.client.session.fake_homeserver import ROOM, FakeTransport
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.hostile.fuzzer import CANARY, Fuzzer
from tests.client.session.hostile.hostile_transport import HostileTransport
from tests.client.session.hostile.lateness import Lateness
from tests.client.session.hostile.olm_bodies import OlmBodies
from tests.client.session.hostile.pieces import Pieces
from tests.client.session.hostile.spelling import write
from tests.client.session.people import next_event

_INPUTS = 10_000
_KEY = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/])")
_MOST_GROWTH = 150
"""Megabytes: the store's page cache may take 64, and pieces of some megabytes leave their holes."""


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def _hostile(person: Person, in_a_sync: int) -> HostileTransport:
    assert isinstance(person.transport, FakeTransport)
    hostile = HostileTransport(person.transport, Fuzzer(20261123), in_a_sync)
    person.transport = hostile  # type: ignore[assignment] # the same face
    return hostile


@pytest.fixture
def records() -> Iterator[_Records]:
    records = _Records()
    logger = logging.getLogger("client")
    logger.addHandler(records)
    logger.setLevel(logging.INFO)
    yield records
    logger.removeHandler(records)
    logger.setLevel(logging.NOTSET)


async def test_ten_thousand_hostile_inputs_cost_nobody_anything(tmp_path: Path, records: _Records) -> None:
    """10,000 hostile inputs in one session: every good message between them arrives, and nothing leaks."""
    _, alice, bob = await alice_and_bob(tmp_path)
    hostile = _hostile(bob, in_a_sync=8)
    too_many: list[int] = []

    def count_records() -> None:
        if len(records.lines) > hostile.inputs:
            too_many.append(hostile.inputs)

    hostile.between_syncs = count_records
    sent_bodies: list[str] = []
    process, memory = psutil.Process(), 0.0
    began = time.monotonic()
    async with alice.session() as a, bob.session(MANIFEST) as b, Lateness() as lateness:
        updates = b.updates()
        tasks = len(asyncio.all_tasks())
        hostile.armed = True
        while hostile.inputs < _INPUTS:
            body = f"good message {len(sent_bodies)}"
            sent = await a.send(ROOM, {"msgtype": "m.text", "body": body})
            sent_bodies.append(body)
            async for update in updates:
                if isinstance(update, TimelineEvent) and update.event_id == sent.event_id:
                    assert (update.body, update.trust) == (body, Trust.PINNED)
                    break
            if hostile.inputs > _INPUTS // 3 and not memory:
                gc.collect()
                memory = process.memory_info().rss / 2**20
        hostile.armed = False
        back = await b.send(ROOM, {"msgtype": "m.text", "body": "still here"})
        assert (await next_event(a, lambda event: event.event_id == back.event_id)).body == "still here"
        gc.collect()
        grown = process.memory_info().rss / 2**20 - memory
        while b.connection is not Connection.LIVE:  # the last answer may have been garbage
            await anext(updates)
        timeline = await b.timeline(ROOM, limit=100_000)
        assert [event.body for event in timeline if (event.body or "").startswith("good")] == sent_bodies
        assert len(asyncio.all_tasks()) <= tasks + 40  # at most 32 verifications, which wait for a person
        for room in await b.rooms():
            await b.members(room.room_id)
            await b.timeline(room.room_id)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    sys.stdout.write(
        f"{hostile.inputs} inputs, {len(sent_bodies)} good messages, {time.monotonic() - began:.1f} s,"
        f" {len(records.lines)} log records, {grown:+.0f} MB in the last two thirds, loop late at most"
        f" {lateness.worst * 1000:.0f} ms, 99 % within {lateness.percentile(99) * 1000:.1f} ms\n"
    )
    assert too_many == []
    told = "\n".join(records.lines)
    assert CANARY not in told
    assert "good message" not in told
    assert "syt_fake" not in told
    assert not _KEY.search(told)
    assert max(map(len, records.lines)) < 2000
    assert grown < _MOST_GROWTH


async def test_each_hostile_piece_is_logged_at_most_once(tmp_path: Path, records: _Records) -> None:
    """Given to the session one by one, no piece of a sync has more than one line in the log."""
    server, _, bob = await alice_and_bob(tmp_path)
    fuzzer = Fuzzer(4)
    pieces = Pieces(fuzzer, ("@alice:a.test", "@mallory:c.test"))
    bodies = OlmBodies(fuzzer, server.devices[bob.user_id, "BOB"], bob.user_id, "@mallory:c.test")
    db = bob.store()
    try:
        machine = Machine(db, bob.transport)
        timeline = Timeline(db)
        application = SyncApplication(
            db, bob.transport, machine, RoomStore(db), timeline, GapStore(db, timeline), Progress(Updates())
        )
        await machine.devices.refresh(["@alice:a.test", "@mallory:c.test"])
        for number in range(1_000):
            to_device = [fuzzer.choose(pieces.to_device, bodies.one)] if number % 2 else []
            events = [] if number % 2 else [fuzzer.choose(pieces.event, pieces.state)]
            answer = write(
                {
                    "next_batch": str(number),
                    "to_device": {"events": to_device},
                    "rooms": {"join": {ROOM: {"timeline": {"events": events}}}},
                }
            )
            before = len(records.lines)
            try:
                await application.apply(read_answer(answer, SyncAnswer))
            except HomeserverRefused:
                continue  # a piece that is no JSON: the sync loop logs that, once
            assert len(records.lines) <= before + 1, records.lines[before:]
    finally:
        db.close()
    assert len(records.lines) > 200
