"""A homeserver that adds a device to a user, or shows another identity in place of a user's."""

from __future__ import annotations

import copy

import pytest
from vodozemac import Account as VodozemacAccount

from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.errors import IdentityChanged
from client.session.events import Trust
from tests.client.person import People, Person, read, until_joined, until_together
from tests.client.proxy.rules import Object, RewriteAnswer

pytestmark = pytest.mark.synapse


def with_device(victim: Person, device: OlmAccount) -> RewriteAnswer:
    """Show a device that the server made for the victim: sound in itself, and vouched for by nobody."""

    def add(answer: Object) -> Object:
        changed = copy.deepcopy(answer)
        of_victim = changed.get("device_keys", {}).get(victim.user_id)
        if of_victim is not None:
            of_victim[device.device_id] = device.device_keys()
        return changed

    return RewriteAnswer("/keys/query", add)


def with_identity(victim: Person, forged: OwnIdentity) -> RewriteAnswer:
    """Show the server's own identity for the victim, which vouches for the victim's true devices."""

    def replace(answer: Object) -> Object:
        changed = copy.deepcopy(answer)
        if victim.user_id in changed.get("master_keys", {}):
            changed["master_keys"][victim.user_id] = forged.public_object(forged.master)
            changed["self_signing_keys"][victim.user_id] = forged.public_object(forged.self_signing)
            devices = changed["device_keys"][victim.user_id]
            for name, device in devices.items():
                devices[name] = forged.self_signing.sign(device, victim.user_id)
        return changed

    return RewriteAnswer("/keys/query", replace)


async def test_an_injected_device_gets_no_key(people: People) -> None:
    """A device that the server adds to Bob is neither claimed a key for nor sent one; Bob reads on."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    spy = OlmAccount(bob.user_id, "SPYSPYSPY", VodozemacAccount())
    injected = alice.proxy.add(with_device(bob, spy))
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        assert injected.count
        await alice.say(a, room_id, "for Bob's own eyes")
        await read(b, "for Bob's own eyes")
    assert set().union(*alice.keys_sent_to()) == {(bob.user_id, bob.login.device_id)}
    for claim in alice.proxy.calls_to("/keys/claim"):
        assert b"SPYSPYSPY" not in claim.request.body


async def test_what_an_injected_device_writes_is_shown_as_that(people: People) -> None:
    """The server logs a device of its own in as Bob, and writes: shown as from a device not vouched for."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)
    spy = await people.another_device(bob)
    async with alice.opened() as a, bob.opened() as b, spy.opened() as s:
        await until_together(room_id, a, b)
        await until_joined(s, room_id, alice)
        await spy.say(s, room_id, "I am Bob")
        event = await read(a, "I am Bob")
        assert (event.sender, event.trust) == (bob.user_id, Trust.UNSIGNED_DEVICE)
        assert spy.login.device_id in str(event.reason)
        await alice.say(a, room_id, "Are you?")
        await read(b, "Are you?")
    assert set().union(*alice.keys_sent_to()) == {(bob.user_id, bob.login.device_id)}


async def test_another_identity_stops_what_is_sent_and_marks_what_comes(people: People) -> None:
    """The server shows another identity for Bob: nothing goes to him until a person decides."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)
    async with bob.opened() as b:
        async with alice.opened() as a:
            await until_together(room_id, a, b)
            await alice.say(a, room_id, "to Bob as he is")
            await read(b, "to Bob as he is")
        sent = alice.proxy.count("/send/")
        keys_sent = len(alice.keys_sent_to())
        forged = alice.proxy.add(with_identity(bob, OwnIdentity.generate(bob.user_id)))
        async with alice.opened() as a:
            assert await a.readers(room_id) == frozenset()
            assert forged.count
            with pytest.raises(IdentityChanged, match=bob.user_id):
                await alice.say(a, room_id, "to whom?")
            await bob.say(b, room_id, "from Bob")
            event = await read(a, "from Bob")
            assert event.trust is Trust.IDENTITY_CHANGED
            assert "has changed" in str(event.reason)
            assert alice.proxy.count("/send/") == sent
            assert len(alice.keys_sent_to()) == keys_sent
            forged.end()
            await until_together(room_id, a, b)
            await alice.say(a, room_id, "to Bob again")
            await read(b, "to Bob again")
