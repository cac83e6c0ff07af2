"""Room keys on their way between devices: complement-crypto's to_device_test.go."""

from __future__ import annotations

import asyncio

import pytest

from client.session.events import Trust
from tests.client.complement.many_devices import add_devices
from tests.client.person import (
    People,
    Person,
    eventually,
    read,
    until_joined,
    until_signed,
    until_together,
    vouch,
)
from tests.client.proxy.rules import Cut, LoseAnswer, Refuse, Rule

pytestmark = pytest.mark.synapse
TO_DEVICE = "/sendToDevice/"


@pytest.mark.parametrize("failure", [Refuse, Cut, LoseAnswer])
async def test_client_retries_send_to_device(people: People, failure: type[Rule]) -> None:
    """A room key that does not go out, or whose answer is lost, goes out again, and before the message."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        failing = alice.proxy.add(failure(TO_DEVICE, times=2))
        async with asyncio.TaskGroup() as sending:
            sending.create_task(alice.say(a, room_id, "after the key"))
            event = await read(b, "after the key")
        assert event.trust is Trust.PINNED
        assert failing.count == 2
        assert len({call.request.path for call in alice.proxy.calls_to(TO_DEVICE)}) == 1


async def test_to_device_messages_are_batched(people: People) -> None:
    """A room key for a hundred devices goes out in one request."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        names = await add_devices(bob, b, 99)
        await a.readers(room_id)
        await alice.say(a, room_id, "to a hundred devices")
        await read(b, "to a hundred devices")
    [sent] = alice.keys_sent_to()
    assert sent == {(bob.user_id, name) for name in (bob.login.device_id, *names)}


async def test_to_device_messages_arent_lost_when_keys_query_fails(people: People) -> None:
    """Bob cannot look up Alice's new device: what it writes is read, doubted, and believed once he can."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        await alice.say(a, room_id, "from the first device")
        await read(b, "from the first device")
        refused = bob.proxy.add(Refuse("/keys/query"))
        second = await people.another_device(alice)
        async with second.opened() as s:
            await vouch(s, a)
            await until_joined(s, room_id, bob)
            await second.say(s, room_id, "from the second device")
            assert (await read(b, "from the second device")).trust is Trust.UNSIGNED_DEVICE
            assert refused.count
            refused.end()
            await until_signed(bob, b, room_id, second)
            await second.say(s, room_id, "again")
            assert (await read(b, "again")).trust is Trust.PINNED

            async def is_believed() -> bool:
                return (await read(b, "from the second device")).trust is Trust.PINNED

            await eventually(is_believed)


async def test_to_device_messages_are_processed_in_order(people: People) -> None:
    """Four people write thirty messages each, every one with a new key, before Alice syncs: she reads all."""
    count = 30
    alice = await people("alice")
    others = [await people(f"writer{number}") for number in range(4)]
    room_id = await alice.room(*others, encryption={"rotation_period_msgs": 1})
    async with alice.opened() as a:
        blocked = alice.proxy.add(Refuse("/sync"))
        async with asyncio.TaskGroup() as writing:
            for other in others:
                writing.create_task(_write(other, alice, room_id, count))
        assert blocked.count
        blocked.end()
        for other in others:
            for number in range(count):
                event = await read(a, f"{other.user_id} writes {number}")
                assert event.trust is Trust.PINNED
    assert all(len(set(other.sessions_used(room_id))) == count for other in others)


async def _write(other: Person, to: Person, room_id: str, count: int) -> None:
    async with other.opened() as session:
        await session.join(room_id)
        for number in range(count):
            await other.say(session, room_id, f"{other.user_id} writes {number}")
