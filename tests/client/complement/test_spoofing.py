"""A homeserver that says somebody else wrote it: complement-crypto's room_keys_test.go."""

from __future__ import annotations

import pytest

from client.session.events import Trust
from tests.client.person import People, read, shown, until_together
from tests.client.proxy.rewriting import events
from tests.client.proxy.rules import Object, RewriteAnswer

pytestmark = pytest.mark.synapse


@pytest.mark.parametrize("spoofed", ["another member", "no user id"])
async def test_spoofed_event_sender_handling(people: People, spoofed: str) -> None:
    """Alice's message under Charlie's name is shown as a mismatch; under no user's name it is not read."""
    alice, charlie = await people("alice"), await people("charlie")
    bob = await people("bob", on="court")
    room_id = await alice.room(bob, charlie)
    name = charlie.user_id if spoofed == "another member" else "charlie"

    def spoof(_: str, event: Object) -> list[Object]:
        theirs = event["type"] == "m.room.encrypted" and event["sender"] == alice.user_id
        return [{**event, "sender": name} if theirs else event]

    async with alice.opened() as a, bob.opened() as b, charlie.opened() as c:
        await until_together(room_id, a, b, c)
        await alice.say(a, room_id, "Test Message")
        assert (await read(b, "Test Message")).trust is Trust.PINNED
        spoofing = bob.proxy.add(RewriteAnswer("/sync", events(spoof)))
        sent = await alice.say(a, room_id, "Another Test Message")
        await read(c, "Another Test Message")
        event = await shown(b, sent.event_id)
        assert spoofing.count == 1
        assert event.sender == name
        if spoofed == "another member":
            assert event.trust is Trust.MISMATCHED_SENDER
            assert alice.user_id in str(event.reason)
        else:
            assert (event.trust, event.body, event.content) == (Trust.UNDECRYPTABLE, None, {})
            assert "no user" in str(event.reason)
