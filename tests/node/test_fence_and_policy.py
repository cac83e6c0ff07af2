"""The fence and the policy agree: what the policy asks for, the fence lets through as it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from node.synapse.plugin.creation import amend_creation
from node.synapse.plugin.rules import Network, check_state
from policies.network.desired import DesiredRoom
from policies.network.development import development_roster, development_server_names
from policies.network.load import load_network
from policies.network.rooms import desired_rooms

_POLICY = load_network()
_SERVERS = development_server_names(_POLICY)
_ROOMS = desired_rooms(_POLICY, _SERVERS, development_roster(_POLICY, _SERVERS))


@pytest.mark.parametrize("room", _ROOMS, ids=lambda room: room.address)
def test_every_room_of_the_policy_passes_the_fence_unchanged(room: DesiredRoom) -> None:
    """The steward's request comes out with the same state: no drift is born with the room."""
    asked: list[dict[str, Any]] = [
        {"type": each.type, "state_key": each.state_key, "content": each.content} for each in room.state
    ]
    creation_content: dict[str, Any] = {"additional_creators": list(room.additional_creators)}
    if room.is_space:
        creation_content["type"] = "m.space"
    config: dict[str, Any] = {
        "creation_content": creation_content,
        "initial_state": copy.deepcopy(asked),
        "room_alias_name": room.alias_localpart,
    }
    network = Network(room.server, frozenset(_SERVERS.values()), frozenset({room.creator}))
    amend_creation(config, sender=room.creator, network=network)
    before: dict[tuple[str, str], dict[str, Any]] = {
        (each["type"], each["state_key"]): each["content"] for each in asked
    }
    assert {(each["type"], each["state_key"]): each["content"] for each in config["initial_state"]} == before
    for child in room.children:
        check_state(
            child.type, child.state_key, child.content, sender=room.creator, state=before, network=network
        )
