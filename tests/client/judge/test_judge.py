"""Element's own crypto as the judge. It needs Node and, once, `npm install` in this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client.session.events import Json, RoomCreation, Trust
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from tests.client.judge.judge import judge, needs_node
from tests.client.session.homeserver import Homeserver, running_synapse
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = [pytest.mark.synapse, needs_node]


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


async def test_elements_strictest_mode_reads_us_without_a_shield_and_we_read_it(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Our message, edit, reaction and custom field come to Element with no shield, and we read its own."""
    account, login = await enrolled(homeserver, tmp_path, "judge.alice")
    other = homeserver.register("judge.element")
    async with judge(homeserver, other) as element, opened(account) as alice:
        async with HttpTransport(homeserver.url, login.access_token) as transport:
            creation = RoomCreation(name="ROG", invite=(other.user_id,), initial_state=ENCRYPTED)
            room_id = await RoomRequests(transport).create_room(creation)
        updates = alice.updates()
        while await alice.readers(room_id) != {other.user_id}:
            await anext(updates)  # the invitation is not in the same sync as the room
        request: Json = {"v": 1, "id": "ROG-2026-7KQ4XM"}
        early = await alice.send(
            room_id, {"msgtype": "m.notice", "body": "before the join", "org.rogatory.request": request}
        )
        element.tell(join=room_id)
        read = await element.until(event_id=early.event_id, type="m.room.message")
        assert (read["failed"], read["shield"], read["content"]["org.rogatory.request"]) == (None, 0, request)
        edit = await alice.send(
            room_id,
            {
                "msgtype": "m.text",
                "body": "* edited",
                "m.new_content": {"msgtype": "m.text", "body": "edited"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": early.event_id},
            },
        )
        assert (await element.until(event_id=edit.event_id, failed=None))["shield"] == 0
        relation: Json = {"rel_type": "m.annotation", "event_id": early.event_id, "key": "+"}
        reaction = await alice.send(room_id, {"m.relates_to": relation}, type="m.reaction")
        assert (await element.until(event_id=reaction.event_id, type="m.reaction"))["shield"] == 0
        element.tell(send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "from Element"}})
        event = await next_event(alice, lambda event: event.body == "from Element")
        assert (event.sender, event.trust) == (other.user_id, Trust.PINNED)
