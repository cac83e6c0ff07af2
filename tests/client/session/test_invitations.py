"""Inviting: what the sync tells while the answer to an invitation is on its way."""

from __future__ import annotations

import asyncio

import pytest

from client.session.events import Membership
from tests.client.person import People, until_joined
from tests.client.proxy.rules import Hold

pytestmark = pytest.mark.synapse


async def test_a_late_answer_does_not_take_back_a_join(people: People) -> None:
    """Bob has joined before the answer to his invitation is there: he stays a member who has joined."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room()
    held = alice.proxy.add(Hold("/invite", answers=True))
    async with alice.opened() as a, bob.opened(), asyncio.TaskGroup() as inviting:
        inviting.create_task(a.invite(room_id, bob.user_id))
        await held.happened()
        await until_joined(a, room_id, bob)
        held.release()
    async with alice.opened() as a:
        members = {member.user_id: member.membership for member in await a.members(room_id)}
        assert members[bob.user_id] is Membership.JOIN
