"""The directory of the policy: who is attested, and who publishes it."""

from __future__ import annotations

from policies.network.actions import CreateRoom, PutState
from policies.network.development import development_roster, development_server_names
from policies.network.directory import DIRECTORY, is_attested, with_attestations
from policies.network.load import load_network
from policies.network.plan import plan
from policies.network.roles import RoleCode
from policies.network.rooms import desired_rooms
from policies.trust.attestation import EVENT_TYPE
from tests.policies.network.room_model import RoomModel

NETWORK = load_network()
SERVERS = development_server_names(NETWORK)
ROSTER = development_roster(NETWORK, SERVERS)
ROOMS = desired_rooms(NETWORK, SERVERS, ROSTER)
FIRST = {account.user_id: {"v": 1, "valid_from": "first"} for account in ROSTER if is_attested(account)}
FOCAL_POINT = "@sen.focal-point.1:africa.rogatory.test"
KEY = (EVENT_TYPE, FOCAL_POINT[1:])


def test_people_and_organs_are_attested_machinery_is_not() -> None:
    """Every focal point, moderator and organ is attested, no steward and no operator."""
    attested = {account.role for account in ROSTER if is_attested(account)}
    assert attested == {RoleCode.FOCAL_POINT, RoleCode.MODERATOR, RoleCode.COURT}
    assert len(FIRST) == 5 + 5 + 1


def test_a_new_directory_begins_with_the_attestations() -> None:
    """They are part of the room's creation: no event of their own, and nothing in any other room."""
    actions = plan(with_attestations(ROOMS, FIRST, ROSTER), {})
    states = {
        action.address: [state for state in action.state if state.type == EVENT_TYPE]
        for action in actions
        if isinstance(action, CreateRoom)
    }
    assert {state.state_key for state in states.pop(DIRECTORY)} == {user_id[1:] for user_id in FIRST}
    assert not any(states.values())
    assert not [action for action in actions if isinstance(action, PutState) and action.type == EVENT_TYPE]


def test_a_changed_attestation_is_published_by_its_regions_steward() -> None:
    """One event for what has changed, by the steward of that region; by the creator while that one is out."""
    model = RoomModel()
    for action in plan(with_attestations(ROOMS, FIRST, ROSTER), {}):
        model.apply(action)
    assert plan(with_attestations(ROOMS, FIRST, ROSTER), model.observed()) == ()
    renewed = with_attestations(ROOMS, FIRST | {FOCAL_POINT: {"v": 1, "valid_from": "second"}}, ROSTER)
    (action,) = plan(renewed, model.observed())
    assert isinstance(action, PutState)
    assert (action.type, action.state_key) == KEY
    assert (action.actor, action.server) == ("@steward:africa.rogatory.test", "africa.rogatory.test")
    model.rooms[DIRECTORY].members["@steward:africa.rogatory.test"] = "leave"
    puts = [each for each in plan(renewed, model.observed()) if isinstance(each, PutState)]
    assert [each.actor for each in puts] == ["@steward:court.rogatory.test"]


def test_whoever_relies_on_the_directory_is_in_it() -> None:
    """Focal points and the Court are brought into the directory, so that their clients learn its state."""
    (directory,) = (room for room in ROOMS if room.address == DIRECTORY)
    joined = {member.user_id for member in directory.members if member.belonging.value == "join"}
    relying = {a.user_id for a in ROSTER if a.role in (RoleCode.FOCAL_POINT, RoleCode.COURT)}
    assert relying <= joined
