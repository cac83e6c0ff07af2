"""Emoji compared between our own devices: complement-crypto's verification_test.go."""

from __future__ import annotations

import asyncio

import pytest

from client.session.events import Trust
from client.session.session import OpenSession
from client.session.verification import Cancelled, Compare, Done, Requested, Verification
from tests.client.person import People, eventually, read, until_joined, until_together
from tests.client.proxy.rules import PATIENCE

pytestmark = pytest.mark.synapse


async def test_verification_sas(people: People) -> None:
    """A new device of Alice's and her old one show the same emoji; then it is signed, and believed by Bob."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        second = await people.another_device(alice)
        async with second.opened() as s:
            assert not (await s.recovery_state()).signed
            asked = await s.verify(s.user_id)
            async with asyncio.timeout(PATIENCE):
                answered = await anext(a.verification_requests())
                ours, theirs = await asyncio.gather(compared(asked), compared(answered))
            assert ours == theirs
            assert len(ours.emoji) == 7
            await eventually(lambda: is_signed(s))
            await until_joined(s, room_id, bob)
            await second.say(s, room_id, "from the new device")
            assert (await read(b, "from the new device")).trust is Trust.PINNED


async def is_signed(session: OpenSession) -> bool:
    return (await session.recovery_state()).signed


async def compared(verification: Verification) -> Compare:
    """Say yes to everything until it is done, and return what was shown."""
    shown = None
    async for step in verification.steps():
        assert not isinstance(step, Cancelled), step
        if isinstance(step, Requested) and step.incoming:
            await verification.accept()
        elif isinstance(step, Compare):
            shown = step
            await verification.confirm()
        elif isinstance(step, Done):
            break
    assert shown is not None
    return shown
