"""The plan: pure, complete, and empty once it is done."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.network.actions import Action, CreateRoom, Invite, Join, PutState, Witness
from policies.network.development import development_roster, development_server_names
from policies.network.load import load_network
from policies.network.plan import plan, same_content
from policies.network.rooms import desired_rooms
from tests.policies.network.room_model import RoomModel

NETWORK = load_network()
SERVERS = {
    code: name
    for code, name in development_server_names(NETWORK).items()
    if code in ("court", "africa", "weog")
}
DESIRED = desired_rooms(NETWORK, SERVERS, development_roster(NETWORK, SERVERS))
FOCAL_POINT = "@sen.focal-point.1:africa.rogatory.test"


def applied(
    actions: tuple[Action, ...], model: RoomModel, failing: frozenset[str] = frozenset()
) -> RoomModel:
    """Apply all actions but those in `failing` and those that need one of them."""
    failed = set(failing)
    for action in actions:
        if action.key in failed or failed & set(action.needs):
            failed.add(action.key)
        else:
            model.apply(action)
    return model


def built() -> RoomModel:
    return applied(plan(DESIRED, {}), RoomModel())


def test_a_plan_makes_everything_once_and_then_nothing() -> None:
    """From nothing the plan makes every room; planning again after it gives no action."""
    model = built()
    assert set(model.rooms) == {room.address for room in DESIRED}
    assert plan(DESIRED, model.observed()) == ()
    for room in DESIRED:
        wanted = {member.user_id: member.belonging.value for member in room.members}
        assert model.rooms[room.address].members == {room.creator: "join", **wanted}


def test_a_plan_is_deterministic_and_needs_only_what_came_before() -> None:
    """The same input gives the same plan, keys are unique, and no action needs a later one."""
    actions = plan(DESIRED, {})
    assert actions == plan(DESIRED, {})
    seen: set[str] = set()
    for action in actions:
        assert {*action.needs, *action.after} <= seen
        assert action.key not in seen
        assert action.why.endswith(".")
        seen.add(action.key)


def test_owners_from_elsewhere_enter_alone() -> None:
    """In a shared room an owner's join comes after all that is planned there; others wait to see it."""
    actions = {action.key: action for action in plan(DESIRED, {})}
    for address in ("network", "network/directory", "network/general"):
        here = [action for action in actions.values() if action.address == address]
        owners = [action for action in here if isinstance(action, Join) and "steward" in action.actor]
        assert [owner.server for owner in owners] == [SERVERS["africa"], SERVERS["weog"]]
        for owner in owners:
            assert owner.after == tuple(action.key for action in here[: here.index(owner)])
        for action in here[here.index(owners[-1]) + 1 :]:
            if isinstance(action, Join):
                (wait,) = (actions[key] for key in action.after)
                assert isinstance(wait, Witness)
                assert wait.server == action.server
                assert {owner.key for owner in owners} <= set(wait.after)
                assert set(wait.users) == {owner.actor for owner in owners}
            else:
                assert isinstance(action, Witness)


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=0, max_value=10))
def test_whatever_fails_the_next_plan_goes_on(seed: int, failures: int) -> None:
    """With any actions failed, and all that need them, a second plan does the rest and a third is empty."""
    actions = plan(DESIRED, {})
    failing = frozenset(action.key for action in random.Random(seed).sample(actions, failures))  # noqa: S311 # a shuffled test
    model = applied(actions, RoomModel(), failing)
    applied(plan(DESIRED, model.observed()), model)
    assert plan(DESIRED, model.observed()) == ()
    assert set(model.rooms) == {room.address for room in DESIRED}


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(["court", "africa", "weog"])), st.sets(st.sampled_from(["africa", "weog"])))
def test_servers_that_are_down_are_left_for_later(first: set[str], second: set[str]) -> None:
    """No plan touches a server that is down; once all are up the network is as if they always had been."""
    model = RoomModel()
    for regions in (first, {"court", *second}):
        up = {SERVERS[region] for region in regions}
        actions = plan(DESIRED, model.observed(), up=up)
        assert {action.server for action in actions} <= up
        for action in actions:
            invited = action.invite if isinstance(action, CreateRoom) else ()
            users = {*invited, action.actor, *([action.user_id] if isinstance(action, Invite) else [])}
            assert {user.partition(":")[2] for user in users} <= up
        applied(actions, model)
        assert plan(DESIRED, model.observed(), up=up) == ()
    applied(plan(DESIRED, model.observed()), model)
    whole = built()
    assert {a: room.members for a, room in model.rooms.items()} == {
        a: room.members for a, room in whole.rooms.items()
    }
    assert {a: sorted(room.state) for a, room in model.rooms.items()}.keys() == whole.rooms.keys()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_was_changed_is_put_back(data: st.DataObject) -> None:
    """Any policy state changed or taken away is put back, by the room's creator, with what it was before."""
    model = built()
    address = data.draw(st.sampled_from(sorted(model.rooms)))
    key = data.draw(st.sampled_from(sorted(model.rooms[address].state)))
    right = model.rooms[address].state[key]
    wrong = data.draw(st.sampled_from([None, {}, {"x": 1}, {**right, "x": False}]))
    if wrong is None:
        del model.rooms[address].state[key]
    else:
        model.rooms[address].state[key] = wrong
    (action,) = plan(DESIRED, model.observed())
    assert isinstance(action, PutState)
    assert (action.type, action.state_key, action.before) == (*key, wrong)
    assert action.content == right
    applied((action,), model)
    assert plan(DESIRED, model.observed()) == ()


def test_who_left_or_was_banned_stays_away_but_an_owner_comes_back() -> None:
    """A practitioner who left, or was banned, is not invited again; a steward who left is, and joins."""
    model = built()
    model.rooms["africa"].members[FOCAL_POINT] = "leave"
    model.rooms["network"].members[FOCAL_POINT] = "ban"
    assert plan(DESIRED, model.observed()) == ()
    steward = "@steward:weog.rogatory.test"
    model.rooms["network"].members[steward] = "leave"
    actions = plan(DESIRED, model.observed())
    assert [(type(action), action.actor) for action in actions] == [
        (Invite, "@steward:court.rogatory.test"),
        (Join, steward),
    ]


def test_who_left_the_space_is_not_brought_into_its_rooms() -> None:
    """Where a room is entered through a space, someone who is not in the space is no failing join."""
    model = built()
    model.rooms["africa"].members[FOCAL_POINT] = "leave"
    del model.rooms["africa/lobby"].members[FOCAL_POINT]
    assert plan(DESIRED, model.observed()) == ()


def test_state_and_members_beyond_the_policy_are_left_alone() -> None:
    """Attestations, aliases and people whom a moderator let in are no difference."""
    model = built()
    model.rooms["network/directory"].state["org.rogatory.attestation", "sen.1:africa.rogatory.test"] = {
        "v": 1
    }
    model.rooms["africa/assets"].members["@guest.expert:weog.rogatory.test"] = "join"
    assert plan(DESIRED, model.observed()) == ()


def test_contents_are_compared_by_meaning() -> None:
    """The order of an access list means nothing; 0 is not false, and one member more is a difference."""
    acl = {"allow": ["a", "b"], "deny": [], "allow_ip_literals": False}
    assert same_content("m.room.server_acl", {**acl, "allow": ["b", "a"]}, acl)
    assert not same_content("m.room.server_acl", {**acl, "allow_ip_literals": 0}, acl)
    assert not same_content("m.room.server_acl", {**acl, "allow": ["a", "b", "*"]}, acl)
    assert not same_content("m.room.name", {"name": "A", "x": 1}, {"name": "A"})
    assert not same_content("m.x", {"allow": ["b", "a"]}, {"allow": ["a", "b"]})
