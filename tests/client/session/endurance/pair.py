"""Two people on two federated nodes, in one encrypted room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from client.session.events import RoomCreation
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from tests.client.session.people import ENCRYPTED, opened
from tests.synapse_nodes import HttpClient, SynapseNode, TestNetwork

HOME, AWAY = "africa", "grulac"
"""The regions of Alice and of Bob."""


@dataclass(frozen=True)
class Pair:
    """The two accounts, and the room that both are in; they have not spoken yet."""

    alice: Account
    bob: Account
    alice_http: HttpClient
    bob_http: HttpClient
    room_id: str


async def enrolled_on(node: SynapseNode, root: Path, localpart: str) -> tuple[Account, HttpClient]:
    """Register and enrol an account on a node."""
    http = node.register(localpart)
    device = http.get("/account/whoami").body["device_id"]
    account = await enrol(
        Accounts(root),
        user_id=http.user_id,
        homeserver=node.url,
        device_id=device,
        access_token=http.token,
    )
    return account, http


async def pair_in_a_room(network: TestNetwork, root: Path) -> Pair:
    """Enrol Alice and Bob on the two nodes and put them into a room."""
    alice, alice_http = await enrolled_on(network[HOME], root, "alice")
    bob, bob_http = await enrolled_on(network[AWAY], root, "bob")
    async with HttpTransport(alice.homeserver, alice_http.token) as transport:
        creation = RoomCreation(invite=(bob.user_id,), initial_state=ENCRYPTED)
        room_id = await RoomRequests(transport).create_room(creation)
    async with opened(alice) as a, opened(bob) as b:
        await a.join(room_id)
        await b.join(room_id)
        updates = a.updates()
        while bob.user_id not in await a.readers(room_id):
            await anext(updates)
    return Pair(alice, bob, alice_http, bob_http, room_id)
