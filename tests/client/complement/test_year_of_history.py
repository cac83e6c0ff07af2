"""A year of history, had back by a new device from the backup that ours made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import pytest

from client.session.events import TimelineEvent, Trust
from client.session.session import OpenSession
from tests.client.person import People, Person, eventually, is_backed_up, until_readers
from tests.client.proxy.rewriting import events
from tests.client.proxy.rules import Object, RewriteAnswer

pytestmark = pytest.mark.synapse
ROOMS, MESSAGES, EACH_KEY = 8, 128, 4
YEAR = 365 * 24 * 3600 * 1000


@pytest.mark.timeout(400)  # a thousand real events take their time, and more where others use the machine
async def test_a_new_device_has_a_year_of_history_back_from_the_backup(people: People) -> None:
    """1,024 messages under 256 keys in eight rooms over a year: all are read, no other key is asked for.

    The server cannot be told to be in another year, so the proxy stretches the time of its answers.
    """
    alice, bob = await people("alice"), await people("bob")
    often = {"rotation_period_msgs": EACH_KEY}
    *rooms, left_room = [await alice.room(bob, encryption=often) for _ in range(ROOMS + 1)]
    began = int(time.time() * 1000)
    async with alice.opened() as a:
        for room_id in (*rooms, left_room):
            await until_readers(a, room_id, bob)
        key = await a.set_up_recovery()
        async with asyncio.TaskGroup() as writing:
            for room_id in rooms:
                writing.create_task(write(a, room_id, MESSAGES))
            writing.create_task(write(a, left_room, EACH_KEY))
        keys = ROOMS * MESSAGES // EACH_KEY + 1

        async def has_all() -> bool:
            return (await a.recovery_state()).room_keys == keys and await is_backed_up(a)

        await eventually(has_all)
        await a.leave(left_room)
    second = await people.another_device(alice)
    for path in ("/sync", "/messages"):
        second.proxy.add(RewriteAnswer(path, stretched(began)))
    async with second.opened() as s:
        for room_id in rooms:
            await until_whole(s, room_id)
        history = [await s.timeline(room_id, limit=10_000) for room_id in rooms]
        assert {event.trust for part in history for event in part} == {Trust.UNDECRYPTABLE}
        assert all(len(part) == MESSAGES for part in history)
        assert max(last - first for first, last in map(times, history)) > YEAR * 9 // 10
        assert second.proxy.count("/room_keys/keys") == 0
        await s.recover(recovery_key=key)

        async def is_read() -> bool:
            history[:] = [await s.timeline(room_id, limit=10_000) for room_id in rooms]
            return all(event.body is not None for part in history for event in part)

        await eventually(is_read)
        for part in history:
            assert [event.body for event in part] == [f"message {number}" for number in range(MESSAGES)]
            assert all("backup" in str(event.reason) for event in part)
        assert_read_lazily(second, rooms)


async def until_whole(session: OpenSession, room_id: str) -> None:
    """Wait until nothing is missing of a room's history."""
    updates = session.updates()
    while await session.gaps(room_id):
        await anext(updates)


async def write(session: OpenSession, room_id: str, count: int) -> None:
    for number in range(count):
        await session.send(room_id, {"msgtype": "m.text", "body": f"message {number}"})


def stretched(began: int) -> Callable[[Object], Object]:
    """Move the times of what was written since `began` apart, so that they span the last year."""
    now = int(time.time() * 1000)

    def earlier(event: Object) -> Object:
        at = now - (now - event["origin_server_ts"]) * YEAR // (now - began)
        return {**event, "origin_server_ts": at}

    in_sync = events(lambda _, event: [earlier(event)])

    def stretch(answer: Object) -> Object:
        if "chunk" in answer:
            return {**answer, "chunk": [earlier(event) for event in answer["chunk"]]}
        return in_sync(answer)

    return stretch


def times(part: Iterable[TimelineEvent]) -> tuple[int, int]:
    sent = [event.sent_at for event in part]
    return min(sent), max(sent)


def assert_read_lazily(device: Person, rooms: list[str]) -> None:
    """Fail unless it asked room by room, for those in which something waited and no other."""
    asked = {
        call.request.path.partition("/room_keys/keys")[2] for call in device.proxy.calls_to("/room_keys/keys")
    }
    assert asked == {f"/{room_id}" for room_id in rooms}
