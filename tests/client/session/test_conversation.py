from __future__ import annotations

from pathlib import Path

import pytest

from client.session.events import RoomCreation, Trust
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from tests.client.session.homeserver import Homeserver
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened


@pytest.mark.synapse
async def test_what_was_sent_before_the_join_is_read_after_it(homeserver: Homeserver, tmp_path: Path) -> None:
    """Under history `invited` the invited get the key at once, and read what came before they joined."""
    alice_account, alice_login = await enrolled(homeserver, tmp_path, "conv.alice")
    bob_account, _ = await enrolled(homeserver, tmp_path, "conv.bob")
    async with (
        HttpTransport(homeserver.url, alice_login.access_token) as transport,
        opened(alice_account) as alice,
    ):
        room_id = await RoomRequests(transport).create_room(
            RoomCreation(name="ROG", invite=(bob_account.user_id,), initial_state=ENCRYPTED)
        )
        await alice.join(room_id)
        assert await alice.readers(room_id) == {bob_account.user_id}
        first = await alice.send(room_id, {"msgtype": "m.text", "body": "before"})
        async with opened(bob_account) as bob:
            event = await next_event(bob, lambda event: event.event_id == first.event_id)
            assert (event.body, event.trust, event.sender) == ("before", Trust.PINNED, alice.user_id)
            second = await bob.send(room_id, {"msgtype": "m.text", "body": "after"})
            answer = await next_event(alice, lambda event: event.event_id == second.event_id)
            assert (answer.body, answer.trust) == ("after", Trust.PINNED)
            own = await next_event(alice, lambda event: event.event_id == first.event_id)
            assert (own.body, own.trust) == ("before", Trust.VERIFIED)
            assert [event.body for event in await bob.new_events()][:1] == ["before"]
            assert "before" not in [event.body for event in await bob.new_events()]
