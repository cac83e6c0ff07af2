"""Emoji compared between our code and Element's own crypto: each side alone knows the specification."""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from vodozemac import Sas

from client.session.crypto.own_identity import OwnIdentity
from client.session.events import Membership, Trust
from client.session.session import OpenSession
from client.session.verification import Cancelled, Compare, Done, Requested, Step, Verification
from tests.client.judge.judge import Judge, judge, needs_node
from tests.client.person import HomeserverPair, People, eventually
from tests.client.proxy.rewriting import events
from tests.client.proxy.rules import Object, RewriteAnswer, Rule
from tests.client.session.homeserver import Login
from tests.client.session.people import next_event

pytestmark = [pytest.mark.synapse, needs_node]
Kind = TypeVar("Kind", bound=Step)
_numbers = itertools.count()


async def reached(verification: Verification, kind: type[Kind]) -> Kind:
    """Return the step of that kind once it is reached."""
    async for step in verification.steps():
        if isinstance(step, kind):
            return step
        assert not isinstance(step, Done | Cancelled), step
    raise AssertionError("the session closed")


async def compared(verification: Verification, element: Judge) -> None:
    """Both sides show their emoji and numbers, and they are the same, names included."""
    ours = await reached(verification, Compare)
    theirs = await element.until(verification="sas")
    assert [[emoji.symbol, emoji.name] for emoji in ours.emoji] == theirs["emoji"]
    assert list(ours.decimals) == theirs["decimals"]


def with_identity(victim: str, forged: OwnIdentity) -> RewriteAnswer:
    """A homeserver that shows us, from the start, an identity of its own in place of somebody's.

    The forgery is sound in itself: its master key signs the true self-signing key, which signs the device.
    """

    def replace(answer: Object) -> Object:
        changed = copy.deepcopy(answer)
        if victim in changed.get("master_keys", {}):
            changed["master_keys"][victim] = forged.public_object(forged.master)
            signing = {**changed["self_signing_keys"][victim], "signatures": {}}
            changed["self_signing_keys"][victim] = forged.master.sign(signing, victim)
        return changed

    return RewriteAnswer("/keys/query", replace)


def with_ephemeral_key(key: str) -> RewriteAnswer:
    """A homeserver that shows us its own key in place of the one that the other side compares emoji with."""

    def swap(_: str, event: Object) -> list[Object]:
        if event["type"] != "m.key.verification.key":
            return [event]
        return [{**event, "content": {**event["content"], "key": key}}]

    return RewriteAnswer("/sync", events(swap))


@asynccontextmanager
async def together(
    people: People,
    pair: HomeserverPair,
    attack: Callable[[str], Rule] | None = None,
    *,
    name: str = "alice",
) -> AsyncIterator[tuple[OpenSession, Judge, Login, str, Rule | None]]:
    """Alice with our code on one node, and another user with Element's on the other, in one room."""
    alice = await people(name)
    other = pair.court.register(f"element.{next(_numbers)}")
    rule = alice.proxy.add(attack(other.user_id)) if attack else None
    async with judge(pair.court, other) as element, alice.opened() as a:
        room_id = await alice.room()
        await alice.call("POST", f"/rooms/{room_id}/invite", {"user_id": other.user_id})
        element.tell(join=room_id)
        await element.until(joined=room_id)

        async def has_joined() -> bool:
            if room_id not in {room.room_id for room in await a.rooms()}:
                return False
            members = {member.user_id: member.membership for member in await a.members(room_id)}
            return members.get(other.user_id) is Membership.JOIN

        await eventually(has_joined)
        sent = await alice.say(a, room_id, "Shall we compare?")
        await element.until(event_id=sent.event_id, type="m.room.message")
        yield a, element, other, room_id, rule


async def test_we_ask_element_in_a_room_and_both_trust_each_other_after(
    people: People, pair: HomeserverPair
) -> None:
    """In-room, as requester: the same emoji on both sides; each identity is verified for the other."""
    async with together(people, pair) as (alice, element, other, room_id, _):
        verification = await alice.verify(other.user_id)
        await compared(verification, element)
        await verification.confirm()
        element.tell(confirm=True)
        assert await reached(verification, Done) == Done(published=True)
        await element.until(verification="done")
        trust = {"user_id": alice.user_id, "device_id": alice.device_id}
        while not (await element.ask("user_verified", trust=trust))["user_verified"]:
            pass  # its own signature comes back to it with a sync; the test's time-out is the limit
        element.tell(send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "after"}})
        event = await next_event(alice, lambda event: event.body == "after")
        assert event.trust is Trust.VERIFIED


async def test_element_asks_us_in_a_room(people: People, pair: HomeserverPair) -> None:
    """In-room, as the one who is asked, by unencrypted messages as Element sends them: the same result."""
    async with together(people, pair) as (alice, element, _, room_id, _):
        element.tell(verify_user={"user_id": alice.user_id, "room_id": room_id})
        verification = await anext(alice.verification_requests())
        assert await reached(verification, Requested) == Requested(incoming=True)
        await verification.accept()
        await compared(verification, element)
        element.tell(confirm=True)
        await verification.confirm()
        assert await reached(verification, Done) == Done(published=True)
        await element.until(verification="done")


@pytest.mark.parametrize("who", ["we", "element"])
async def test_other_emoji_end_it_on_both_sides(people: People, pair: HomeserverPair, who: str) -> None:
    """Whoever says that the emoji differ, both sides end it as m.mismatched_sas, and nobody is trusted."""
    async with together(people, pair) as (alice, element, other, _, _):
        verification = await alice.verify(other.user_id)
        await compared(verification, element)
        if who == "we":
            await verification.cancel(mismatch=True)
            assert (await element.until(verification="cancelled"))["code"] == "m.mismatched_sas"
        else:
            element.tell(mismatch=True)
        cancelled = await reached(verification, Cancelled)
        assert (cancelled.code, cancelled.by_them) == ("m.mismatched_sas", who == "element")
        trust = await element.ask(
            "user_verified", trust={"user_id": alice.user_id, "device_id": alice.device_id}
        )
        assert trust["user_verified"] is False


async def test_an_identity_that_the_homeserver_forges_does_not_survive(
    people: People, pair: HomeserverPair
) -> None:
    """The emoji agree, for nobody sits between; the proof of the keys does not: m.key_mismatch."""

    def forged(victim: str) -> Rule:
        return with_identity(victim, OwnIdentity.generate(victim))

    async with together(people, pair, forged) as (alice, element, other, room_id, attack):
        assert attack is not None
        assert attack.count
        verification = await alice.verify(other.user_id)
        await compared(verification, element)
        element.tell(confirm=True)
        await verification.confirm()
        cancelled = await reached(verification, Cancelled)
        assert (cancelled.code, cancelled.by_them) == ("m.key_mismatch", False)
        assert (await element.until(verification="cancelled"))["code"] == "m.key_mismatch"
        element.tell(send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "after"}})
        event = await next_event(alice, lambda event: event.body == "after")
        assert event.trust is Trust.PINNED


def swapping(_: str) -> Rule:
    return with_ephemeral_key(Sas().public_key.to_base64())


async def test_a_key_swapped_on_its_way_ends_what_we_began(people: People, pair: HomeserverPair) -> None:
    """Whoever began has the promise of the other's key: the server's own in its place is found out."""
    async with together(people, pair, swapping) as (alice, element, other, _, swapped):
        verification = await alice.verify(other.user_id)
        cancelled = await reached(verification, Cancelled)
        assert (cancelled.code, cancelled.by_them) == ("m.mismatched_commitment", False)
        assert swapped is not None
        assert swapped.count
        assert (await element.until(verification="cancelled"))["code"] == "m.mismatched_commitment"


async def test_a_key_swapped_on_its_way_shows_other_emoji_where_element_began(
    people: People, pair: HomeserverPair
) -> None:
    """The server's own key in place of Element's: the two people see other emoji, and say so."""
    # Both begin once we accept, and then the smaller user id's beginning counts: Element's.
    async with together(people, pair, swapping, name="zoe") as (zoe, element, _, room_id, swapped):
        element.tell(verify_user={"user_id": zoe.user_id, "room_id": room_id})
        verification = await anext(zoe.verification_requests())
        await verification.accept()
        ours = await reached(verification, Compare)
        theirs = await element.until(verification="sas")
        assert swapped is not None
        assert swapped.count
        assert list(ours.decimals) != theirs["decimals"]
        assert [[emoji.symbol, emoji.name] for emoji in ours.emoji] != theirs["emoji"]
        await verification.cancel(mismatch=True)
        assert (await element.until(verification="cancelled"))["code"] == "m.mismatched_sas"


@pytest.mark.parametrize("who", ["we", "element"])
async def test_our_identity_vouches_for_a_new_device_with_elements_crypto(
    people: People, pair: HomeserverPair, who: str
) -> None:
    """To-device, in both roles: Element's new login is signed by the self-signing key that we hold."""
    alice = await people("alice")
    new = pair.africa.login(alice.user_id, alice.login.password)
    async with judge(pair.africa, new, later_device=True) as element, alice.opened() as ours:
        trust = {"user_id": new.user_id, "device_id": new.device_id}
        assert (await element.ask("device_signed", trust=trust))["device_signed"] is False
        if who == "we":
            verification = await ours.verify(ours.user_id)
        else:
            element.tell(verify_own=True)
            verification = await anext(ours.verification_requests())
            await verification.accept()
        await compared(verification, element)
        await verification.confirm()
        element.tell(confirm=True)
        assert await reached(verification, Done) == Done(published=True)
        await element.until(verification="done")
        # Element learns of the signature with its next look at the device list, of a missing one never
        async with asyncio.timeout(30):
            while not (await element.ask("device_signed", trust=trust))["device_signed"]:  # noqa: ASYNC110 - another process: no event tells
                await asyncio.sleep(0)
