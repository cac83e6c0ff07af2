"""Verification goes through where everything else is refused: it is what opens those rooms again."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.session.errors import IdentityChanged, RoomSealed
from client.session.events import Trust
from tests.client.session.crypto.verification.test_verifications import verified
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event


def text(body: str) -> dict[str, str]:
    return {"msgtype": "m.text", "body": body}


async def test_a_changed_identity_can_be_verified_and_is_accepted_by_it(tmp_path: Path) -> None:
    """Messages are refused, a comparison of emoji is not; afterwards they flow, to a verified Bob."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, text("before"))
        new = await Person(server, bob.user_id, "NEW", tmp_path).enrol()
        await server.tell_changed(bob.user_id)
        with pytest.raises(IdentityChanged):
            await a.send(ROOM, text("to whom?"))
        async with new.session() as b:
            await verified(a, b)
            await a.send(ROOM, text("after"))
            await next_event(b, lambda event: event.body == "after")
            await b.send(ROOM, text("it is me"))
            assert (await next_event(a, lambda event: event.body == "it is me")).trust is Trust.VERIFIED


async def test_in_a_sealed_room_members_can_verify_each_other(tmp_path: Path) -> None:
    """Only the comparison passes; what it was encrypted with encrypts nothing that is said later."""
    server, alice, bob = await alice_and_bob(tmp_path)
    server.users = (*server.users, "@carol:c.test")
    carol = await Person(server, "@carol:c.test", "CAROL", tmp_path).enrol()
    async with alice.session() as a, bob.session() as b:
        await a.seal(ROOM)
        await verified(a, b)
        with pytest.raises(RoomSealed) as refused:
            await a.send(ROOM, text("for Bob"))
        assert refused.value.left_out == (carol.user_id,)
        member = {"type": "m.room.member", "sender": carol.user_id, "state_key": carol.user_id}
        await server.put_event({**member, "event_id": "$left", "content": {"membership": "leave"}})
        updates = a.updates()
        while len(await a.members(ROOM)) == 3:
            await anext(updates)
        compared = {
            event["content"]["session_id"] for event in server.timeline if event["sender"] == a.user_id
        }
        sent = await a.send(ROOM, text("for Bob"))
        assert (await next_event(b, lambda event: event.event_id == sent.event_id)).body == "for Bob"
    [event] = [event for event in server.timeline if event["event_id"] == sent.event_id]
    assert event["content"]["session_id"] not in compared
