"""Keys reach everyone they should though servers fail: device_keys, delayed_requests, federation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from client.session.events import Trust
from tests.client.person import People, read, shown, until_claimable, until_together
from tests.client.proxy.rules import Answer, Hold, Refuse
from tests.synapse_nodes import SynapseNode, TestNetwork

pytestmark = pytest.mark.synapse


async def test_failed_device_key_download_retries(people: People) -> None:
    """The first four key queries of both are refused; the message waits for them, and is read."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)
    refusals = [person.proxy.add(Refuse("/keys/query", times=4)) for person in (alice, bob)]
    async with alice.opened() as a, bob.opened() as b:
        await alice.say(a, room_id, "once the keys are known")
        assert (await read(b, "once the keys are known")).body
        assert refusals[0].count == 4
        await refusals[1].happened(1)


async def test_delayed_invite_response(people: People) -> None:
    """Alice has invited Bob, her sync has not told of it yet: what she writes is encrypted for him too."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room()
    held = alice.proxy.add(Hold("/sync", answers=True, where=_tells_of_invitation))
    async with alice.opened() as a:
        await alice.say(a, room_id, "so that the members are known")
        await a.invite(room_id, bob.user_id)
        await held.happened()
        sent = await alice.say(a, room_id, "hello world!")
        held.release()
        async with bob.opened() as b:
            assert (await shown(b, sent.event_id)).body == "hello world!"


def _tells_of_invitation(answer: Answer) -> bool:
    return b'"membership":"invite"' in answer.body


@asynccontextmanager
async def away(node: SynapseNode) -> AsyncIterator[None]:
    """Kill a node for the time of the block; after it, it is back and healthy."""
    await asyncio.to_thread(node.kill)
    try:
        yield
    finally:
        node.start()
        await asyncio.to_thread(node.wait_healthy)


async def test_new_user_cannot_get_keys_for_offline_server(people: People, network: TestNetwork) -> None:
    """Bob's server is away while Charlie comes and writes; once it is back Bob reads all of it."""
    alice, charlie = await people("alice"), await people("charlie")
    bob = await people("bob", on="court")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        await alice.say(a, room_id, "while all are here")
        await read(b, "while all are here")
        async with charlie.opened() as c:
            async with away(network["court"]):
                await alice.invite(room_id, charlie)
                await c.join(room_id)
                await charlie.say(c, room_id, "while Bob's server is away")
                await read(a, "while Bob's server is away")
            await until_claimable(charlie, bob)
            await charlie.say(c, room_id, "when it is back")
            assert (await read(b, "when it is back")).trust is Trust.PINNED
            assert (await read(b, "while Bob's server is away")).trust is Trust.PINNED


async def test_existing_session_cannot_get_keys_for_offline_server(
    people: People, network: TestNetwork
) -> None:
    """Charlie knows Bob from another room: what is written while Bob's server is away, he reads after."""
    alice, charlie = await people("alice"), await people("charlie")
    bob = await people("bob", on="court")
    old_room, new_room = await charlie.room(bob), await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b, charlie.opened() as c:
        await until_together(old_room, c, b)
        await until_together(new_room, a, b)
        await charlie.say(c, old_room, "we know each other")
        await read(b, "we know each other")
        await alice.say(a, new_room, "we do too")
        await read(b, "we do too")
        async with away(network["court"]):
            await alice.invite(new_room, charlie)
            await c.join(new_room)
            await charlie.say(c, new_room, "by the session that we have")
            await read(a, "by the session that we have")
        assert (await read(b, "by the session that we have")).trust is Trust.PINNED
