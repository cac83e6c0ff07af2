"""Two honest nodes: behind the fence everything that the network does every day works between them."""

from __future__ import annotations

from functools import partial

import pytest

from tests.node.synapse.rooms import (
    create,
    join,
    joined_members,
    put_state,
    sees,
    send_encrypted,
    shared_room,
    state,
)
from tests.synapse_nodes import HttpClient, TestNetwork, wait_for

pytestmark = pytest.mark.synapse

People = dict[str, HttpClient]


def test_encrypted_events_pass_both_ways_and_redactions_too(people: People) -> None:
    """What one sends the other sees, and a redaction without a reason empties it everywhere."""
    court, africa = people["court"], people["africa"]
    room_id = shared_room(court, africa)
    for sender, reader in ((court, africa), (africa, court)):
        event_id = send_encrypted(sender, room_id)
        wait_for(partial(sees, reader, room_id, event_id), "the event arrives")
        assert sender.put(f"/rooms/{room_id}/redact/{event_id}/{event_id[1:9]}", {}).status == 200
        wait_for(partial(_gone, reader, room_id, event_id), "it is redacted")


def test_a_space_and_the_rooms_that_it_opens(people: People) -> None:
    """A member of the space enters a restricted room on another node, and knocks at one that asks for it."""
    court, africa = people["court"], people["africa"]
    space = shared_room(court, africa, creation_content={"type": "m.space"})
    assert state(africa, space, "m.room.encryption").status == 404
    allow = [{"type": "m.room_membership", "room_id": space}]
    for rule in ("restricted", "knock_restricted"):
        rules = {"type": "m.room.join_rules", "content": {"join_rule": rule, "allow": allow}}
        join(africa, create(court, initial_state=[rules]), court)
    knock = {"type": "m.room.join_rules", "content": {"join_rule": "knock"}}
    asked = create(court, initial_state=[knock])
    answer = africa.post(f"/knock/{asked}?via=court.rogatory.test", {})
    assert answer.status == 200, answer
    wait_for(
        lambda: court.post(f"/rooms/{asked}/invite", {"user_id": africa.user_id}).status == 200, "the yes"
    )
    join(africa, asked, court)


def test_an_ordinary_member_invites_nobody(people: People) -> None:
    """Power to invite is 50: whoever was merely let in cannot bring others of any server."""
    court, africa, other = people["court"], people["africa"], people["weog"]
    room_id = shared_room(court, africa)
    assert africa.post(f"/rooms/{room_id}/invite", {"user_id": other.user_id}).status == 403
    assert other.user_id not in joined_members(court, room_id)


def test_a_request_room_is_for_its_two_servers_only(people: People, network: TestNetwork) -> None:
    """With an access list of the Court and one region, the room works, and a third server cannot enter."""
    court, africa, other = people["court"], people["africa"], people["weog"]
    two = {"allow": [network[region].server_name for region in ("court", "africa")], "deny": []}
    acl = {"type": "m.room.server_acl", "content": two}
    room_id = shared_room(court, africa, initial_state=[acl])
    event_id = send_encrypted(africa, room_id)
    wait_for(lambda: sees(court, room_id, event_id), "the event arrives")
    assert put_state(court, room_id, "m.room.join_rules", {"join_rule": "knock"}).status == 200
    answer = other.post(f"/knock/{room_id}?via=court.rogatory.test", {})
    assert answer.status == 403, answer
    assert put_state(court, room_id, "m.room.server_acl", {"allow": ["court.rogatory.test"]}).status == 403


def _gone(client: HttpClient, room_id: str, event_id: str) -> bool:
    return not sees(client, room_id, event_id)
