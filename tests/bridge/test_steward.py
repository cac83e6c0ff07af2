"""The steward at the seam of its room calls."""

from __future__ import annotations

from collections import Counter

import pytest

from bridge.observation import observe
from bridge.steward import Applied, apply, bring_about
from bridge.steward_errors import AliasTaken, NeedFailed, RoomsUnreadable, StewardFailed
from client.session.events import InitialState, RoomCreation
from policies.network.actions import Action, CreateRoom, Invite, Join, PutState, Witness
from policies.network.development import development_roster, development_server_names
from policies.network.load import load_network
from policies.network.plan import plan
from policies.network.rooms import desired_rooms
from tests.bridge.fake_homeservers import FakeHomeservers, FakeRoomCalls, Killed

NETWORK = load_network()
SERVERS = {
    code: name
    for code, name in development_server_names(NETWORK).items()
    if code in ("court", "africa", "weog")
}
ROSTER = development_roster(NETWORK, SERVERS)
DESIRED = desired_rooms(NETWORK, SERVERS, ROSTER)
COURT_STEWARD = "@steward:court.rogatory.test"
AFRICA_STEWARD = "@steward:africa.rogatory.test"
FOCAL_POINT = "@sen.focal-point.1:africa.rogatory.test"


@pytest.fixture
def servers() -> FakeHomeservers:
    return FakeHomeservers({account.user_id for account in ROSTER})


def accounts(servers: FakeHomeservers) -> dict[str, FakeRoomCalls]:
    return {user_id: FakeRoomCalls(servers, user_id) for user_id in sorted(servers.users)}


async def brought_about(servers: FakeHomeservers) -> Applied:
    return await bring_about(DESIRED, accounts(servers))


def check_complete(servers: FakeHomeservers) -> None:
    """Every room is there once, whole, with everyone in it."""
    rooms = servers.policy_rooms()
    assert {address: len(ids) for address, ids in rooms.items()} == {room.address: 1 for room in DESIRED}
    for desired in DESIRED:
        room = servers.rooms[rooms[desired.address][0]]
        assert {type for type, _ in room.state} >= {state.type for state in desired.state}
        for member in desired.members:
            assert room.membership(member.user_id) == member.belonging, (desired.address, member.user_id)


async def test_it_makes_every_room_and_then_nothing(servers: FakeHomeservers) -> None:
    """From nothing all rooms stand, and the second time no request but the reading is made."""
    first = await brought_about(servers)
    check_complete(servers)
    assert set(first.room_ids) == {room.address for room in DESIRED}
    servers.requests = 0
    second = await brought_about(servers)
    assert second == Applied(room_ids=first.room_ids, changes=0)
    assert servers.requests == 3  # one for each steward


async def test_a_room_costs_one_request_and_its_joins(servers: FakeHomeservers) -> None:
    """State and most invitations go into the creation; what follows are joins and what names a later room."""
    actions = plan(DESIRED, {})
    counted = Counter(type(action) for action in actions)
    assert counted[CreateRoom] == len(DESIRED)
    assert counted[PutState] == sum(len(room.children) for room in DESIRED)
    assert counted[Invite] == 4  # practitioners of other servers, into the network's space
    applied = await brought_about(servers)
    assert servers.requests == 3 + len(actions)  # three read at first; each other makes one action
    assert applied.changes == len(actions) - counted[Witness]


async def test_servers_work_side_by_side_and_none_is_flooded(servers: FakeHomeservers) -> None:
    """Each server has several requests at a time, and never more than three."""
    await brought_about(servers)
    assert servers.most_at_once == dict.fromkeys(SERVERS.values(), 3)


async def test_progress_counts_every_action(servers: FakeHomeservers) -> None:
    """Each action is told once, when it is over, up to the total."""
    told: list[tuple[str, int, int]] = []

    def progress(action: Action, done: int, total: int) -> None:
        told.append((action.key, done, total))

    await bring_about(DESIRED, accounts(servers), progress=progress)
    total = len(plan(DESIRED, {}))
    assert [done for _, done, _ in told] == list(range(1, total + 1))
    assert {of for _, _, of in told} == {total}
    assert {key for key, _, _ in told} == {action.key for action in plan(DESIRED, {})}


async def test_killed_at_any_step_it_goes_on_and_makes_no_room_twice() -> None:
    """Killed at each single step, also within the server's making of a room, the next run completes."""
    users = {account.user_id for account in ROSTER if account.region != "weog"}
    servers = {code: name for code, name in SERVERS.items() if code != "weog"}
    desired = desired_rooms(NETWORK, servers, tuple(a for a in ROSTER if a.user_id in users))
    whole = FakeHomeservers(set(users))
    await bring_about(desired, accounts(whole))
    for step in range(whole.steps):
        fake = FakeHomeservers(set(users), kill_at=step)
        with pytest.raises((Killed, BaseExceptionGroup)):
            await bring_about(desired, accounts(fake))
        fake.kill_at = None
        observed = await observe(desired, accounts(fake))
        await apply(plan(desired, observed), fake.calls_of, settle=0)
        assert {a: len(ids) for a, ids in fake.policy_rooms().items()} == {r.address: 1 for r in desired}, (
            step
        )
        assert plan(desired, await observe(desired, accounts(fake))) == (), step
        members = {
            (address, key): event.content
            for address, (room_id,) in fake.policy_rooms().items()
            for key, event in fake.rooms[room_id].state.items()
            if key[0] == "m.room.member"
        }
        invited = {key for key, content in members.items() if content["membership"] != "join"}
        assert invited == {("network", ("m.room.member", "@moderator.1:africa.rogatory.test"))}, step


async def test_one_failure_stops_only_what_needs_it(servers: FakeHomeservers) -> None:
    """A server that refuses creations costs its own rooms; all others stand, and the error says why."""
    servers.refuse.add((AFRICA_STEWARD, "create_room"))
    with pytest.raises(StewardFailed) as caught:
        await brought_about(servers)
    made = {address.split("/")[0] for address in servers.policy_rooms()}
    assert made == {"network", "weog"}
    assert len(servers.policy_rooms()) == sum(not room.address.startswith("africa") for room in DESIRED)
    assert "create africa: Refused. M_FORBIDDEN." in caught.value.why
    assert any(isinstance(error, NeedFailed) for _, error in caught.value.failures)
    assert set(caught.value.room_ids) == set(servers.policy_rooms())
    servers.refuse.clear()
    await brought_about(servers)
    check_complete(servers)


async def test_what_another_accounts_holder_must_do_is_left(servers: FakeHomeservers) -> None:
    """An account that is not run here is no failure: it is invited where it must be, and joins nowhere."""
    ours = {user: calls for user, calls in accounts(servers).items() if user != FOCAL_POINT}
    applied = await bring_about(DESIRED, ours)
    rooms = {address: servers.rooms[ids[0]] for address, ids in servers.policy_rooms().items()}
    assert rooms["africa"].membership(FOCAL_POINT) == "invite"
    assert rooms["africa/lobby"].membership(FOCAL_POINT) is None
    left = plan(DESIRED, await observe(DESIRED, ours))
    assert left
    assert all(isinstance(action, Join) and action.actor == FOCAL_POINT for action in left)
    assert (await bring_about(DESIRED, ours)) == Applied(room_ids=applied.room_ids, changes=0)


async def test_a_foreign_room_that_claims_an_address_is_ignored(servers: FakeHomeservers) -> None:
    """A room that says it is the policy's, made by another than the policy's creator, is not taken for it."""
    claim = RoomCreation(
        initial_state=(InitialState(type="org.rogatory.policy", content={"address": "network"}),)
    )
    foreign = await FakeRoomCalls(servers, FOCAL_POINT).create_room(claim)
    servers.put(servers.rooms[foreign], FOCAL_POINT, "m.room.member", {"membership": "join"}, COURT_STEWARD)
    applied = await brought_about(servers)
    assert applied.room_ids["network"] != foreign


async def test_an_alias_of_another_room_is_an_error(servers: FakeHomeservers) -> None:
    """Where an alias leads to a room that is not the policy's, that room is left alone, and it is said."""
    taken = await FakeRoomCalls(servers, "@operator:africa.rogatory.test").create_room(
        RoomCreation(alias_localpart="africa.assets")
    )
    servers.put(servers.rooms[taken], AFRICA_STEWARD, "m.room.member", {"membership": "join"}, AFRICA_STEWARD)
    before = dict(servers.rooms[taken].state)
    with pytest.raises(StewardFailed) as caught:
        await brought_about(servers)
    (error,) = [error for _, error in caught.value.failures if not isinstance(error, NeedFailed)]
    assert isinstance(error, AliasTaken)
    assert "#africa.assets:africa.rogatory.test" in error.what
    assert servers.rooms[taken].state == before


async def test_an_alias_that_a_stranger_in_the_room_holds_is_not_adopted(servers: FakeHomeservers) -> None:
    """A room by the right creator with other owners than the policy's is not adopted either."""
    await FakeRoomCalls(servers, AFRICA_STEWARD).create_room(
        RoomCreation(alias_localpart="africa", is_space=True, additional_creators=(FOCAL_POINT,))
    )
    observed = await observe(DESIRED, accounts(servers))
    with pytest.raises(StewardFailed) as caught:
        await apply(plan(DESIRED, observed), servers.calls_of, settle=0)
    assert any(isinstance(error, AliasTaken) for _, error in caught.value.failures)


async def test_drift_is_put_back(servers: FakeHomeservers) -> None:
    """An opened join rule and a foreign access list are put back to what the policy says."""
    applied = await brought_about(servers)
    room = servers.rooms[applied.room_ids["weog/evidence"]]
    right = dict(room.content("m.room.join_rules")), dict(room.content("m.room.server_acl"))
    servers.put(room, COURT_STEWARD, "m.room.join_rules", {"join_rule": "public"})
    servers.put(room, COURT_STEWARD, "m.room.server_acl", {"allow": ["*"]})
    assert (await brought_about(servers)).changes == 2
    assert (room.content("m.room.join_rules"), room.content("m.room.server_acl")) == right


async def test_what_cannot_be_read_stops_everything(servers: FakeHomeservers) -> None:
    """When one steward's rooms cannot be read nothing is changed: what is not seen might be made twice."""
    servers.refuse.add((AFRICA_STEWARD, "all_joined_states"))
    with pytest.raises(RoomsUnreadable, match=AFRICA_STEWARD):
        await brought_about(servers)
    assert servers.rooms == {}


async def test_a_steward_of_a_server_that_comes_later_is_brought_in(servers: FakeHomeservers) -> None:
    """With fewer servers up the others' owners are named but not invited; once up, all is complete."""
    up = {SERVERS["court"], SERVERS["weog"]}
    await bring_about(DESIRED, accounts(servers), up=up)
    network = servers.rooms[servers.policy_rooms()["network"][0]]
    assert AFRICA_STEWARD in network.creators()
    assert network.membership(AFRICA_STEWARD) is None
    await brought_about(servers)
    check_complete(servers)


async def test_owners_join_one_by_one_and_nobody_acts_meanwhile(servers: FakeHomeservers) -> None:
    """In a room of several servers each owner joins after everything before is over, and others only then."""
    over: list[str] = []
    servers.slow.add((AFRICA_STEWARD, "join"))
    await bring_about(
        DESIRED, accounts(servers), progress=lambda action, _done, _total: over.append(action.key)
    )
    for address in ("network", "network/general"):
        here = [key for key in over if key.split()[1] == address]
        owners = [f"join {address} @steward:{SERVERS[region]}" for region in ("africa", "weog")]
        first = here.index(owners[0])
        assert here[first : first + 2] == owners
        assert all(key.startswith(("witness", "join")) for key in here[first + 2 :])
        assert here[first + 2].startswith("witness")


async def test_what_only_seems_to_be_missing_is_not_done(servers: FakeHomeservers) -> None:
    """Where /sync tells less than there is, the rooms in doubt are read anew before anything is changed."""
    applied = await brought_about(servers)
    servers.sync_hides = {(applied.room_ids["network"], FOCAL_POINT)}
    servers.requests = 0
    assert (await brought_about(servers)).changes == 0
    assert servers.requests == 3 + 3  # the one room, as each steward in it sees it


async def test_a_failing_owner_keeps_nobody_else_out(servers: FakeHomeservers) -> None:
    """When one region's steward cannot join, the other region's people still come into the network."""
    servers.refuse.add(("@steward:weog.rogatory.test", "join"))
    with pytest.raises(StewardFailed):
        await brought_about(servers)
    network = servers.rooms[servers.policy_rooms()["network"][0]]
    assert network.membership(AFRICA_STEWARD) == "join"
    assert network.membership(FOCAL_POINT) == "join"
