from __future__ import annotations

from pathlib import Path

from client.session.events import Json, Trust
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import alice_and_bob
from tests.client.session.people import next_event


async def test_a_message_is_read_and_its_sender_believed(tmp_path: Path) -> None:
    """Bob reads what Alice sends, pinned; nothing of it is in clear on the server."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        sent = await a.send(ROOM, {"msgtype": "m.text", "body": "canary-7"})
        event = await next_event(b, lambda event: event.event_id == sent.event_id)
        assert (event.body, event.trust, event.reason) == ("canary-7", Trust.PINNED, None)
        relation: Json = {"rel_type": "m.annotation", "event_id": sent.event_id, "key": "!"}
        await b.send(ROOM, {"m.relates_to": relation}, type="m.reaction")
        reaction = await next_event(a, lambda event: event.sender == b.user_id)
        assert reaction.type == "m.reaction"
    assert "canary-7" not in str(server.timeline) + str(server.requests)
    assert all("m.relates_to" not in event["content"] for event in server.timeline)
