"""The steward on real homeservers that federate: the policy's rooms stand, and stay as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from bridge.observation import observe
from bridge.steward import bring_about
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from policies.network.development import development_roster
from policies.network.load import load_network
from policies.network.plan import plan
from policies.network.roles import RoleCode
from policies.network.rooms import desired_rooms
from tests.synapse_nodes import HttpClient, TestNetwork, running_nodes

pytestmark = pytest.mark.synapse

REGIONS = ("court", "africa", "weog")
SERVERS = {region: f"{region}.rogatory.test" for region in REGIONS}
ROSTER = development_roster(load_network(), SERVERS)
DESIRED = desired_rooms(load_network(), SERVERS, ROSTER)
FOCAL_POINT = "@sen.focal-point.1:africa.rogatory.test"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNetwork]:
    with running_nodes(tmp_path_factory.mktemp("network"), REGIONS) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def clients(network: TestNetwork) -> dict[str, HttpClient]:
    clients = [
        network[account.region].register(account.user_id[1:].partition(":")[0])
        for account in ROSTER
        if account.role is not RoleCode.OPERATOR
    ]
    return {client.user_id: client for client in clients}


@pytest.fixture
async def accounts(clients: dict[str, HttpClient]) -> AsyncIterator[dict[str, RoomRequests]]:
    async with AsyncExitStack() as stack:
        yield {
            user_id: RoomRequests(await stack.enter_async_context(HttpTransport(client.url, client.token)))
            for user_id, client in clients.items()
        }


async def test_the_policys_rooms_stand_and_stay(
    accounts: dict[str, RoomRequests], clients: dict[str, HttpClient]
) -> None:
    """First one server is not up, then all are: every room is made once, and nobody is missing."""
    up = {SERVERS["court"], SERVERS["africa"]}
    there = {user_id: calls for user_id, calls in accounts.items() if user_id.partition(":")[2] in up}
    first = await bring_about(DESIRED, there, up=up)
    assert set(first.room_ids) == {room.address for room in DESIRED if not room.address.startswith("weog")}

    second = await bring_about(DESIRED, accounts)
    assert set(second.room_ids) == {room.address for room in DESIRED}
    assert first.room_ids.items() <= second.room_ids.items()

    third = await bring_about(DESIRED, accounts)
    assert third.changes == 0
    assert third.room_ids == second.room_ids

    observed = await observe(DESIRED, accounts)
    assert plan(DESIRED, observed) == ()
    for room in DESIRED:
        wanted = {member.user_id: member.belonging.value for member in room.members}
        assert observed[room.address].members == {room.creator: "join", **wanted}, room.address

    mine = set(clients[FOCAL_POINT].get("/joined_rooms").body["joined_rooms"])
    assert {address for address, room_id in second.room_ids.items() if room_id in mine} == {
        "network",
        "network/directory",
        "network/general",
        "africa",
        "africa/lobby",
        *(f"africa/{theme}" for theme in load_network().themes),
    }


async def test_the_rooms_hold_what_the_policy_asks_for(
    accounts: dict[str, RoomRequests], clients: dict[str, HttpClient]
) -> None:
    """Seen by a plain HTTP client: version 12, the stewards own the network, no member can open a room."""
    rooms = (await bring_about(DESIRED, accounts)).room_ids
    steward = clients["@steward:weog.rogatory.test"]
    create = steward.get(f"/rooms/{rooms['network']}/state/m.room.create").body
    assert create["room_version"] == "12"
    assert create["type"] == "m.space"
    assert set(create["additional_creators"]) == {
        "@steward:africa.rogatory.test",
        "@steward:weog.rogatory.test",
    }
    encrypted = steward.get(f"/rooms/{rooms['network/general']}/state/m.room.encryption").body
    assert encrypted["algorithm"] == "m.megolm.v1.aes-sha2"
    assert steward.get(f"/rooms/{rooms['network']}/state/m.room.encryption").errcode == "M_NOT_FOUND"
    for user_id in (FOCAL_POINT, "@moderator.1:africa.rogatory.test"):
        opened = clients[user_id].put(
            f"/rooms/{rooms['africa/lobby']}/state/m.room.join_rules", {"join_rule": "invite"}
        )
        assert opened.status == 403
    hierarchy = clients[FOCAL_POINT].get(f"/_matrix/client/v1/rooms/{rooms['network']}/hierarchy").body
    assert {rooms["africa"], rooms["network/announcements"]} <= {
        room["room_id"] for room in hierarchy["rooms"]
    }


async def test_a_practitioner_enters_a_common_room_through_the_space(
    accounts: dict[str, RoomRequests], clients: dict[str, HttpClient]
) -> None:
    """A focal point in the network's space joins its announcements uninvited, and cannot post there."""
    rooms = (await bring_about(DESIRED, accounts)).room_ids
    room_id = rooms["network/announcements"]
    assert clients[FOCAL_POINT].post(f"/join/{room_id}", {}).status == 200
    cipher = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AAAA", "session_id": "s", "device_id": "D"}
    refused = clients[FOCAL_POINT].put(f"/rooms/{room_id}/send/m.room.encrypted/1", cipher)
    assert refused.status == 403
    organ = clients["@otp:court.rogatory.test"].put(f"/rooms/{room_id}/send/m.room.encrypted/1", cipher)
    assert organ.status == 200
    assert (await bring_about(DESIRED, accounts)).changes == 0


async def test_all_servers_agree_on_the_shared_rooms(accounts: dict[str, RoomRequests]) -> None:
    """After regions came in, each server has the same state events in every room of the network."""
    rooms = (await bring_about(DESIRED, accounts)).room_ids
    for address, room_id in rooms.items():
        if address.partition("/")[0] != "network":
            continue
        stories = []
        for server in SERVERS.values():
            state = await accounts[f"@steward:{server}"].state(room_id)
            stories.append({(event.type, event.state_key): event.event_id for event in state})
        assert all(story == stories[0] for story in stories), address
        assert ("m.room.member", "@steward:weog.rogatory.test") in stories[0]
