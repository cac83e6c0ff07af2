"""A homeserver that hides, forges or takes back what a room is: it is never sent a word in clear."""

from __future__ import annotations

import pytest

from client.session.errors import NotEncrypted
from client.session.events import Json
from client.session.wire import STATE_AFTER
from tests.client.person import People, eventually, read, until_together
from tests.client.proxy.rewriting import events, without_state
from tests.client.proxy.rules import Object, RewriteAnswer

pytestmark = pytest.mark.synapse
ENCRYPTION = "m.room.encryption"


async def test_a_withheld_encryption_event_gets_no_plaintext(people: People) -> None:
    """A room whose encryption the server keeps quiet about is sent nothing, and shown as not encrypted."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)
    withheld = alice.proxy.add(RewriteAnswer("/sync", events(without_state(ENCRYPTION))))
    async with alice.opened() as a:
        assert withheld.count == 1
        assert [room.encrypted for room in await a.rooms()] == [False]
        with pytest.raises(NotEncrypted, match="not known to be encrypted"):
            await alice.say(a, room_id, "into the open")
    assert alice.proxy.count("/send/") == 0
    withheld.end()
    async with alice.opened() as a:
        # The server has told of the room's state once, and does not tell of it again: still nothing.
        with pytest.raises(NotEncrypted):
            await alice.say(a, room_id, "into the open")
    assert alice.proxy.count("/send/") == 0


@pytest.mark.parametrize(
    "content", [{}, {"algorithm": "m.none"}, {"algorithm": None}, {"algorithm": ["m.megolm.v1.aes-sha2"]}]
)
@pytest.mark.parametrize("way", ["replaced", "all state told anew"])
async def test_encryption_is_not_turned_off_by_forged_state(
    people: People, content: dict[str, Json], way: str
) -> None:
    """A forged encryption event, and a forged name, in a room that was encrypted: it goes on encrypted."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)

    def forge(answer: Object) -> Object:
        join = answer.setdefault("rooms", {}).setdefault("join", {})
        room = join.setdefault(room_id, {"timeline": {"events": []}})
        state = [
            {"type": ENCRYPTION, "state_key": "", "content": content},
            {"type": "m.room.name", "state_key": "", "content": {"name": "Not encrypted any more"}},
        ]
        part = STATE_AFTER if STATE_AFTER in room else "state"
        room[part] = {
            "events": room.get(part, {"events": []})["events"]
            + [{**event, "sender": bob.user_id, "event_id": f"$forged-{event['type']}"} for event in state]
        }
        return answer

    async with bob.opened() as b:
        async with alice.opened() as a:
            await until_together(room_id, a, b)
            await alice.say(a, room_id, "before the forgery")
            forged = alice.proxy.add(RewriteAnswer("/sync", forge))
            if way == "all state told anew":
                await a.leave(room_id)
                await bob.invite(room_id, alice)
            else:
                await bob.say(b, room_id, "wakes the sync")

            async def is_shown() -> bool:
                return [room.name for room in await a.rooms()] == ["Not encrypted any more"]

            await eventually(is_shown)
            assert forged.count
            assert [room.encrypted for room in await a.rooms()] == [True]
            await until_together(room_id, a, b)
            await alice.say(a, room_id, "after the forgery")
            await read(b, "after the forgery")
        async with alice.opened() as a:
            assert [room.encrypted for room in await a.rooms()] == [True]
            await alice.say(a, room_id, "and after a restart")
            await read(b, "and after a restart")
