"""When a room's key is changed, and when not: complement-crypto's room_keys_test.go."""

from __future__ import annotations

import asyncio

import pytest

from client.session.session import OpenSession
from tests.client.person import (
    People,
    Person,
    eventually,
    read,
    until_gone,
    until_readers,
    until_signed,
    until_together,
    vouch,
)

pytestmark = pytest.mark.synapse


async def test_room_key_is_cycled_on_device_logout(people: People) -> None:
    """After a device of Alice's has logged out, what she writes has a key that it never had."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    second = await people.another_device(alice)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        async with second.opened() as s:
            await vouch(s, a)
            await until_signed(alice, a, room_id, second)
            await alice.say(a, room_id, "to all three")
            await read(b, "to all three")
            await read(s, "to all three")
        assert (alice.user_id, second.login.device_id) in set().union(*alice.keys_sent_to())
        before = len(alice.keys_sent_to())
        await second.call("POST", "/logout", {})
        await until_gone(alice, a, room_id, second)
        await alice.say(a, room_id, "to Bob alone")
        await read(b, "to Bob alone")
        first_session, second_session = alice.sessions_used(room_id)
        assert first_session != second_session
        assert set().union(*alice.keys_sent_to()[before:]) == {(bob.user_id, bob.login.device_id)}


async def test_room_key_is_cycled_after_enough_messages(people: People) -> None:
    """In a room that asks for it every five messages, the sixth has another key, and is read."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob, encryption={"rotation_period_msgs": 5})
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        for number in range(6):
            await alice.say(a, room_id, f"message {number} of six")
        await read(b, "message 5 of six")
        sessions = alice.sessions_used(room_id)
        assert len(set(sessions[:5])) == 1
        assert sessions[5] != sessions[4]
        assert len(alice.keys_sent_to()) == 2


async def test_room_key_is_cycled_after_enough_time(people: People) -> None:
    """In a room that asks for it after 50 milliseconds, a message that comes later has another key."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob, encryption={"rotation_period_ms": 50})
    loop = asyncio.get_running_loop()
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        await alice.say(a, room_id, "with the first key")
        end = loop.time() + 0.05
        await eventually(lambda: _is_past(end))
        await alice.say(a, room_id, "with the second key")
        await read(b, "with the second key")
        first_session, second_session = alice.sessions_used(room_id)
        assert first_session != second_session


async def _is_past(end: float) -> bool:
    return asyncio.get_running_loop().time() > end


async def test_room_key_is_cycled_on_member_leaving(people: People) -> None:
    """After Charlie has left, what Alice writes has a key that he never had."""
    alice, charlie = await people("alice"), await people("charlie")
    bob = await people("bob", on="court")
    room_id = await alice.room(bob, charlie)
    async with alice.opened() as a, bob.opened() as b, charlie.opened() as c:
        await until_together(room_id, a, b, c)
        await alice.say(a, room_id, "to both")
        await read(b, "to both")
        await read(c, "to both")
        await c.leave(room_id)
        await until_readers(a, room_id, bob)
        before = len(alice.keys_sent_to())
        await alice.say(a, room_id, "to Bob alone")
        await read(b, "to Bob alone")
        first_session, second_session = alice.sessions_used(room_id)
        assert first_session != second_session
        assert set().union(*alice.keys_sent_to()[before:]) == {(bob.user_id, bob.login.device_id)}


@pytest.mark.parametrize("change", ["display name", "new device login"])
async def test_room_key_is_not_cycled(people: People, change: str) -> None:
    """A new name changes no key; a new device is given the running one, and nobody else is given any."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        await alice.say(a, room_id, "before the change")
        await read(b, "before the change")
        before = len(alice.keys_sent_to())
        expected: set[tuple[str, str]] = set()
        if change == "display name":
            path = f"/profile/{bob.user_id}/displayname"
            await bob.call("PUT", path, {"displayname": "Robert"})
            await eventually(lambda: _is_named(a, room_id, bob, "Robert"))
        else:
            second = await people.another_device(bob)
            async with second.opened() as s:
                await vouch(s, b)
            await until_signed(alice, a, room_id, second)
            expected = {(bob.user_id, second.login.device_id)}
        await alice.say(a, room_id, "after the change")
        await read(b, "after the change")
        first_session, second_session = alice.sessions_used(room_id)
        assert first_session == second_session
        assert set().union(*alice.keys_sent_to()[before:]) == expected


async def _is_named(session: OpenSession, room_id: str, person: Person, name: str) -> bool:
    members = {member.user_id: member.display_name for member in await session.members(room_id)}
    return members[person.user_id] == name


async def test_room_key_is_not_cycled_on_client_restart(people: People) -> None:
    """Alice's session ends and opens again: the same key goes on, and is given to nobody again."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)
    async with bob.opened() as b:
        async with alice.opened() as a:
            await until_together(room_id, a, b)
            await alice.say(a, room_id, "before the restart")
            await read(b, "before the restart")
        before = len(alice.keys_sent_to())
        async with alice.opened() as a:
            await alice.say(a, room_id, "after the restart")
            await read(b, "after the restart")
        first_session, second_session = alice.sessions_used(room_id)
        assert first_session == second_session
        assert len(alice.keys_sent_to()) == before
