"""An honest node: its users create no unencrypted, older or open room, and nothing is left behind."""

from __future__ import annotations

import pytest

from tests.node.synapse.conftest import HONEST
from tests.node.synapse.rooms import create, put_state, send, state, trace
from tests.synapse_nodes import HttpClient, TestNetwork

pytestmark = pytest.mark.synapse

People = dict[str, HttpClient]
MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}


@pytest.mark.parametrize("region", HONEST)
@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"preset": "trusted_private_chat"},
        {"room_version": "11"},
        {"room_version": "1", "creation_content": {"room_version": "1"}},
        {"initial_state": [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "none"}}]},
        {"initial_state": [{"type": "m.room.encryption", "content": {}}] * 2},
        {"initial_state": [{"type": "m.room.guest_access", "content": {"guest_access": "can_join"}}]},
        {
            "initial_state": [
                {"type": "m.room.history_visibility", "content": {"history_visibility": "shared"}}
            ]
        },
        {"power_level_content_override": {"invite": 0, "events": {"m.room.encryption": 0}}},
        {"initial_state": [{"type": "m.room.power_levels", "content": {"invite": 0}}]},
        {"visibility": "private", "preset": "public_chat"}
        | {"initial_state": [{"type": "m.room.join_rules", "content": {"join_rule": "invite"}}]},
    ],
    ids=lambda body: str(body)[:60],
)
def test_whatever_is_asked_for_the_room_comes_out_as_the_policy_says(
    region: str, request_body: dict[str, object], people: People
) -> None:
    """A request that can be amended becomes a room of version 12, encrypted, closed, with its powers set."""
    client = people[region]
    answer = client.post("/createRoom", request_body)
    assert answer.status == 200, answer
    room_id = answer.body["room_id"]
    assert state(client, room_id, "m.room.create").body["room_version"] == "12"
    assert state(client, room_id, "m.room.encryption").body == MEGOLM
    assert state(client, room_id, "m.room.guest_access").body == {"guest_access": "forbidden"}
    assert state(client, room_id, "m.room.join_rules").body["join_rule"] == "invite"
    assert state(client, room_id, "m.room.history_visibility").body == {"history_visibility": "joined"}
    powers = state(client, room_id, "m.room.power_levels").body
    assert powers["invite"] == 50
    assert powers["events"]["m.room.encryption"] == 150


@pytest.mark.parametrize("region", HONEST)
@pytest.mark.parametrize(
    "request_body",
    [
        {"visibility": "public"},
        {"preset": "public_chat"},
        {"initial_state": [{"type": "m.room.join_rules", "content": {"join_rule": "public"}}]},
        {"initial_state": [{"type": "org.leak", "content": {"text": "secret"}}]},
        {"initial_state": [{"type": "m.room.server_acl", "content": {"allow": ["*"]}}]},
        {"topic": "the warrant against X"},
        {"name": "n" * 200},
        {"room_alias_name": "mine"},
        {"invite": ["@someone:elsewhere.example"]},
        {"invite_3pid": [{"medium": "email", "address": "a@b.c", "id_server": "x", "id_access_token": "y"}]},
        {"creation_content": {"additional_creators": ["@someone:elsewhere.example"]}},
        {"creation_content": {"text": "secret"}},
        {"initial_state": "no list"},
        {"initial_state": [{"type": "m.room.name"}]},
    ],
    ids=lambda body: str(body)[:60],
)
def test_what_cannot_be_amended_is_refused_and_leaves_nothing_behind(
    region: str, request_body: dict[str, object], people: People, operators: People
) -> None:
    """A refused creation leaves no room, not half of one, with the user or on the server."""
    client, operator = people[region], operators[region]
    before = trace(client, operator)
    answer = client.post("/createRoom", request_body)
    assert (answer.status, answer.errcode) == (403, "M_FORBIDDEN"), answer
    assert len(answer.body["error"].split(". ")) >= 3, "what, why and what to do"
    assert trace(client, operator) == before


def test_the_comparison_sees_a_room_that_is_left_behind(people: People, operators: People) -> None:
    """The proof of the test above: a room that does come into being changes what it compares."""
    before = trace(people["africa"], operators["africa"])
    room_id = create(people["africa"])
    joined, every = trace(people["africa"], operators["africa"])
    assert room_id in set(joined) - set(before[0])
    assert room_id in set(every) - set(before[1])


def test_an_administrator_is_no_exception(operators: People) -> None:
    """Server administrators are held to the same rules."""
    operator = operators["africa"]
    assert operator.post("/createRoom", {"visibility": "public"}).status == 403
    room_id = create(operator)
    assert state(operator, room_id, "m.room.encryption").body == MEGOLM
    assert send(operator, room_id, "m.room.message", {"msgtype": "m.text", "body": "x"}).status == 403


@pytest.mark.parametrize("region", HONEST)
def test_a_space_is_not_encrypted_and_takes_no_message(region: str, people: People) -> None:
    """Spaces come out without encryption, cannot be given any, and take no plaintext either."""
    client = people[region]
    room_id = create(client, creation_content={"type": "m.space"})
    assert state(client, room_id, "m.room.encryption").status == 404
    assert put_state(client, room_id, "m.room.encryption", MEGOLM).status == 403
    assert send(client, room_id, "m.room.message", {"msgtype": "m.text", "body": "x"}).status == 403


@pytest.mark.parametrize("region", HONEST)
def test_no_room_is_upgraded_to_an_older_version(region: str, people: People, operators: People) -> None:
    """/upgrade to another version is refused, and neither a room nor a tombstone is left."""
    client, operator = people[region], operators[region]
    room_id = create(client)
    before = trace(client, operator)
    answer = client.post(f"/rooms/{room_id}/upgrade", {"new_version": "11"})
    assert (answer.status, answer.errcode) == (403, "M_FORBIDDEN"), answer
    assert trace(client, operator) == before
    assert state(client, room_id, "m.room.tombstone").status == 404


def test_an_upgrade_within_the_version_keeps_the_rules(people: People) -> None:
    """/upgrade to version 12 works, and the new room is encrypted as the old one was."""
    client = people["court"]
    answer = client.post(f"/rooms/{create(client)}/upgrade", {"new_version": "12"})
    assert answer.status == 200, answer
    assert state(client, answer.body["replacement_room"], "m.room.encryption").body == MEGOLM


def test_a_steward_gives_addresses_and_topics(network: TestNetwork) -> None:
    """What the policy's rooms need, the node's own steward may do."""
    steward = network["africa"].register("steward")
    room_id = create(steward, room_alias_name="lobby", topic="Lobby of the region", name="Lobby")
    answer = steward.get("/directory/room/%23lobby%3Aafrica.rogatory.test")
    assert answer.body["room_id"] == room_id
    acl = {"allow": list(network.manifest.server_names), "deny": [], "allow_ip_literals": False}
    assert put_state(steward, room_id, "m.room.server_acl", acl).status == 200
