"""A homeserver that keeps room keys back: what they would open is shown as closed."""

from __future__ import annotations

import pytest

from client.session.events import NO_KEY, Trust
from tests.client.person import People, read, shown, until_together
from tests.client.proxy.rewriting import without_to_device
from tests.client.proxy.rules import RewriteAnswer

pytestmark = pytest.mark.synapse


async def test_dropped_to_device_messages_leave_the_message_closed(people: People) -> None:
    """Bob's room key never arrives: he sees that something was written, and why he cannot read it."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob, encryption={"rotation_period_msgs": 1})
    dropping = bob.proxy.add(RewriteAnswer("/sync", without_to_device))
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        sent = await alice.say(a, room_id, "with a key that is lost")
        event = await shown(b, sent.event_id)
        await dropping.happened()
        assert (event.sender, event.type, event.body) == (alice.user_id, "m.room.encrypted", None)
        assert (event.trust, event.reason) == (Trust.UNDECRYPTABLE, NO_KEY)
        dropping.end()
        await until_together(room_id, b, a)
        await bob.say(b, room_id, "I could not read that")
        await read(a, "I could not read that")
        await alice.say(a, room_id, "with a key that arrives")
        assert (await read(b, "with a key that arrives")).trust is Trust.PINNED
