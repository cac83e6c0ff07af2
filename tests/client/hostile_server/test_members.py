"""A homeserver that says who is in a room: nobody signs that in Matrix, so it has to be seen."""

from __future__ import annotations

import copy

import pytest

from client.session.errors import RoomSealed
from client.session.events import Membership
from client.session.session import OpenSession
from client.session.wire import STATE_AFTER
from tests.client.person import People, Person, eventually, read, until_readers, until_together
from tests.client.proxy.rules import Object, RewriteAnswer

pytestmark = pytest.mark.synapse


def with_member(room_id: str, member: Person) -> RewriteAnswer:
    """Show a user as a member of a room that nobody let in."""

    def add(answer: Object) -> Object:
        changed = copy.deepcopy(answer)
        room = changed.get("rooms", {}).get("join", {}).get(room_id)
        if room is not None:
            part = STATE_AFTER if STATE_AFTER in room else "state"
            event = {
                "type": "m.room.member",
                "sender": member.user_id,
                "state_key": member.user_id,
                "event_id": "$injected",
                "origin_server_ts": 0,
                "content": {"membership": "join", "displayname": "Registry"},
            }
            room.setdefault(part, {}).setdefault("events", []).append(event)
        return changed

    return RewriteAnswer("/sync", add)


async def test_an_injected_member_is_seen_before_anything_is_sent(people: People) -> None:
    """The server adds Mallory to the room for Alice alone: he stands among the members and the readers."""
    alice, bob, mallory = await people("alice"), await people("bob"), await people("mallory")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        injected = alice.proxy.add(with_member(room_id, mallory))
        await bob.say(b, room_id, "wakes the sync")
        await until_readers(a, room_id, bob, mallory)
        assert injected.count
        members = {member.user_id: member.membership for member in await a.members(room_id)}
        assert members[mallory.user_id] is Membership.JOIN
        await alice.say(a, room_id, "to whoever is said to be here")
        await read(b, "to whoever is said to be here")


@pytest.mark.xfail(
    raises=AssertionError,
    reason="Matrix signs no membership: whoever the server says is a member gets the key, if his identity was"
    " pinned at first sight as everyone's is. Only where keys go to verified or attested people does he not.",
)
async def test_an_injected_member_gets_no_key(people: People) -> None:
    """The server adds Mallory to the room for Alice alone: no key goes to him."""
    alice, bob, mallory = await people("alice"), await people("bob"), await people("mallory")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        injected = alice.proxy.add(with_member(room_id, mallory))
        await bob.say(b, room_id, "wakes the sync")
        await until_readers(a, room_id, bob, mallory)
        await alice.say(a, room_id, "to whoever is said to be here")
        await read(b, "to whoever is said to be here")
        if not injected.count:
            pytest.fail("the attack did not take place", pytrace=False)
        given = set().union(*alice.keys_sent_to())
        assert (mallory.user_id, mallory.login.device_id) not in given


async def test_in_a_sealed_room_an_injected_member_stops_what_is_sent(people: People) -> None:
    """While its people are neither verified nor attested nothing goes out, and Alice is told who they are."""
    alice, bob, mallory = await people("alice"), await people("bob"), await people("mallory")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        await a.seal(room_id)
        with pytest.raises(RoomSealed, match=bob.user_id) as refusal:
            await alice.say(a, room_id, "to nobody yet")
        assert mallory.user_id not in refusal.value.left_out
        injected = alice.proxy.add(with_member(room_id, mallory))
        await bob.say(b, room_id, "wakes the sync")
        await eventually(lambda: is_member(a, room_id, mallory, Membership.JOIN))
        assert injected.count
        with pytest.raises(RoomSealed) as refusal:
            await alice.say(a, room_id, "to whoever is said to be here")
        assert mallory.user_id in refusal.value.left_out
        assert (mallory.user_id, mallory.login.device_id) not in set().union(*alice.keys_sent_to())


async def test_state_in_the_timeline_is_not_taken_for_what_came_of_it(people: People) -> None:
    """A leave that stands after the join in the timeline, as two servers' events can, removes nobody."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)

    def repeat_invitation(answer: Object) -> Object:
        changed = copy.deepcopy(answer)
        timeline = changed.get("rooms", {}).get("join", {}).get(room_id, {}).get("timeline", {})
        for event in [*timeline.get("events", [])]:
            if event.get("state_key") == bob.user_id and event["content"]["membership"] == "join":
                earlier = {**event, "event_id": "$earlier", "content": {"membership": "leave"}}
                timeline["events"].append(earlier)
        return changed

    async with alice.opened() as a:
        await eventually(lambda: is_member(a, room_id, bob, Membership.INVITE))
        repeated = alice.proxy.add(RewriteAnswer("/sync", repeat_invitation))
        async with bob.opened() as b:
            await until_together(room_id, a, b)
            assert repeated.count
            await alice.say(a, room_id, "to Bob, who is here")
            await read(b, "to Bob, who is here")


async def is_member(session: OpenSession, room_id: str, person: Person, membership: Membership) -> bool:
    if room_id not in {room.room_id for room in await session.rooms()}:
        return False
    return (person.user_id, membership) in {
        (member.user_id, member.membership) for member in await session.members(room_id)
    }
