"""A homeserver that shows a message under another name, twice, or where it was not written."""

from __future__ import annotations

import msgspec
import pytest
from vodozemac import GroupSession

from client.session.events import Trust
from client.session.session import OpenSession
from tests.client.person import MEGOLM, People, Person, eventually, read, shown, until_together
from tests.client.proxy.rewriting import events
from tests.client.proxy.rules import Object, RewriteAnswer

pytestmark = pytest.mark.synapse


async def test_a_message_under_our_own_name_is_a_mismatch(people: People) -> None:
    """What Alice wrote, shown to Bob as if he had written it himself, is shown as what it is."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)

    def rename(_: str, event: Object) -> list[Object]:
        return [{**event, "sender": bob.user_id} if event["type"] == "m.room.encrypted" else event]

    renamed = bob.proxy.add(RewriteAnswer("/sync", events(rename)))
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        sent = await alice.say(a, room_id, "I resign")
        event = await shown(b, sent.event_id)
        assert renamed.count == 1
        assert (event.sender, event.trust) == (bob.user_id, Trust.MISMATCHED_SENDER)
        assert alice.user_id in str(event.reason)


async def test_a_replayed_message_is_not_read_twice(people: People) -> None:
    """Alice's message under a second event id, at once and after a restart, is refused as a repetition."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    kept: list[Object] = []

    def repeat(_: str, event: Object) -> list[Object]:
        if event["type"] != "m.room.encrypted":
            return [event]
        kept[:] = kept or [event]
        return [event, {**kept[0], "event_id": f"$again-{event['event_id'][1:]}"}]

    repeated = bob.proxy.add(RewriteAnswer("/sync", events(repeat)))
    async with alice.opened() as a:
        async with bob.opened() as b:
            await until_together(room_id, a, b)
            first = await alice.say(a, room_id, "Pay them")
            event = await shown(b, f"$again-{first.event_id[1:]}")
            assert (event.trust, event.body, event.content) == (Trust.UNDECRYPTABLE, None, {})
            assert "repeats" in str(event.reason)
            assert (await shown(b, first.event_id)).trust is Trust.PINNED
        async with bob.opened() as b:
            second = await alice.say(a, room_id, "Something else")
            event = await shown(b, f"$again-{second.event_id[1:]}")
            assert (event.trust, event.body) == (Trust.UNDECRYPTABLE, None)
            assert "repeats" in str(event.reason)
            assert [e.body for e in await b.timeline(room_id) if e.body] == ["Pay them", "Something else"]
    assert repeated.count == 2


@pytest.mark.parametrize("with_its_key", [False, True])
async def test_a_message_moved_to_another_room_is_not_read(people: People, with_its_key: bool) -> None:
    """What Alice wrote in one room is shown in another: not read, even if a member brings its key along."""
    alice, mallory = await people("alice"), await people("mallory")
    bob = await people("bob", on="court")
    room_id, other_room = await alice.room(bob, mallory), await alice.room(bob, mallory)
    moving: list[Object] = []

    def move(answer: Object) -> Object:
        rooms = answer.get("rooms", {}).get("join", {})
        moved = [{**event, "event_id": f"$moved-{event['event_id'][1:]}"} for event in moving]
        if other_room in rooms and moved:
            rooms[other_room]["timeline"]["events"] += moved
        timeline = rooms.get(room_id, {}).get("timeline", {}).get("events", [])
        moving.extend(event for event in timeline if event["type"] == "m.room.encrypted")
        return answer

    bob.proxy.add(moved := RewriteAnswer("/sync", move))
    async with alice.opened() as a, bob.opened() as b, mallory.opened() as m:
        for room in (room_id, other_room):
            await until_together(room, a, b, m)
        await alice.say(a, room_id, "Shall we begin?")
        session = a._machine.outbound.current(room_id)
        assert session is not None
        if with_its_key:
            await pass_key_on(m, bob, session.vodozemac, as_if_of=other_room)
            await eventually(lambda: has_key(b, other_room, session.session_id))
        sent = await alice.say(a, room_id, "We agree to your terms")
        await read(b, "We agree to your terms")
        await alice.say(a, other_room, "wakes the sync")
        event = await shown(b, f"$moved-{sent.event_id[1:]}")
        assert moved.count
        assert event.room_id == other_room
        assert (event.trust, event.body, event.content) == (Trust.UNDECRYPTABLE, None, {})
        assert ("another room" if with_its_key else "has not arrived") in str(event.reason)


async def pass_key_on(mallory: OpenSession, bob: Person, session: GroupSession, *, as_if_of: str) -> None:
    """Give Bob the key of a session as if it were of another room, as a hostile client that got it can."""
    machine = mallory._machine
    await mallory.readers(as_if_of)
    [device] = machine.devices.devices(bob.user_id)
    key = {
        "algorithm": MEGOLM,
        "room_id": as_if_of,
        "session_id": session.session_id,
        "session_key": session.session_key.to_base64(),
    }
    await machine.sharing.send([device], "m.room_key", msgspec.json.encode(key))


async def has_key(session: OpenSession, room_id: str, session_id: str) -> bool:
    return session._machine.inbound.find(room_id, session_id, "") is not None
