"""Who gets which key as people come and go: complement-crypto's membership_acls_test.go."""

from __future__ import annotations

import pytest

from client.session.events import NO_KEY, Trust
from tests.client.person import (
    People,
    read,
    shown,
    until_gone,
    until_readers,
    until_signed,
    until_together,
    vouch,
)

pytestmark = pytest.mark.synapse


async def test_alice_bob_encryption_works(people: People) -> None:
    """Alice invites Bob, on another server; what she sends is encrypted, and he reads it."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        assert [room.encrypted for room in await a.rooms()] == [True]
        await alice.say(a, room_id, "Hello world!")
        event = await read(b, "Hello world!")
        assert (event.sender, event.trust) == (alice.user_id, Trust.PINNED)
        assert alice.proxy.count("/send/m.room.encrypted/") == 1


async def test_can_decrypt_messages_after_invite_but_before_join(people: People) -> None:
    """Bob, on another server, joins after Alice has written, and reads what she wrote to the invited."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    async with alice.opened() as a:
        await until_readers(a, room_id, bob)
        await alice.say(a, room_id, "before the join")
        async with bob.opened() as b:
            assert (await read(b, "before the join")).trust is Trust.PINNED
            await until_together(room_id, a, b)
            await alice.say(a, room_id, "after the join")
            await read(b, "after the join")


async def test_bob_can_see_but_not_decrypt_history_in_public_room(people: People) -> None:
    """Whoever comes later sees that something was written before, and reads only what comes after."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(public=True)
    async with alice.opened() as a, bob.opened() as b:
        early = await alice.say(a, room_id, "before Bob")
        await bob.join(room_id, alice)
        event = await shown(b, early.event_id)
        assert (event.trust, event.reason) == (Trust.UNDECRYPTABLE, NO_KEY)
        await until_together(room_id, a, b)
        await alice.say(a, room_id, "after Bob")
        await read(b, "after Bob")
        assert (await shown(b, early.event_id)).trust is Trust.UNDECRYPTABLE


async def test_on_rejoin_bob_can_see_but_not_decrypt_history_in_public_room(people: People) -> None:
    """What was written while Bob was gone stays closed to him when he is back."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(public=True)
    async with alice.opened() as a, bob.opened() as b:
        await b.join(room_id)
        await until_together(room_id, a, b)
        await alice.say(a, room_id, "while Bob is here")
        await read(b, "while Bob is here")
        await b.leave(room_id)
        await until_readers(a, room_id)
        missed = await alice.say(a, room_id, "while Bob is gone")
        await b.join(room_id)
        event = await shown(b, missed.event_id)
        assert (event.trust, event.reason) == (Trust.UNDECRYPTABLE, NO_KEY)
        await until_together(room_id, a, b)
        await alice.say(a, room_id, "Bob is back")
        await read(b, "Bob is back")
        assert (await shown(b, missed.event_id)).trust is Trust.UNDECRYPTABLE


async def test_on_new_device_bob_can_see_but_not_decrypt_history_in_public_room(people: People) -> None:
    """A device reads what was written while it was vouched for: not before, and not once it is logged out."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(public=True)
    async with alice.opened() as a, bob.opened() as b:
        await b.join(room_id, via=[alice.homeserver.name])
        await until_together(room_id, a, b)
        early = await alice.say(a, room_id, "to the first device")
        await read(b, "to the first device")
        second = await people.another_device(bob)
        async with second.opened() as s:
            assert (await shown(s, early.event_id)).reason == NO_KEY
            await vouch(s, b)
            await until_signed(alice, a, room_id, second)
            late = await alice.say(a, room_id, "to both devices")
            await read(s, "to both devices")
            assert (await shown(s, early.event_id)).reason == NO_KEY
        sessions = alice.sessions_used(room_id)
        await second.call("POST", "/logout", {})
        await until_gone(alice, a, room_id, second)
        missed = await alice.say(a, room_id, "to the first device again")
        await read(b, "to the first device again")
        assert alice.sessions_used(room_id)[-1] not in sessions
        third = await people.another_device(bob)
        async with third.opened() as t:
            assert (await shown(t, missed.event_id)).reason == NO_KEY
            assert (await shown(t, late.event_id)).reason == NO_KEY


@pytest.mark.xfail(
    raises=AssertionError,
    reason="Nobody gives an old key to a device that comes later: Matrix has no way of it that would not also"
    " serve a device that the homeserver adds. What must be read is posted again (design, section 5).",
)
async def test_changing_device_after_invite_re_encrypts(people: People) -> None:
    """Bob is invited and written to, begins anew on another device, joins, and reads what was written."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    async with bob.opened():
        pass
    async with alice.opened() as a:
        await until_readers(a, room_id, bob)
        sent = await alice.say(a, room_id, "to a device that is lost")
        second = await people.another_device(bob)
        async with second.opened() as s:
            assert (await shown(s, sent.event_id)).body == "to a device that is lost"
