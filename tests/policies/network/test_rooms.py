"""What the rooms of the network should be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from policies.network.desired import DesiredRoom
from policies.network.development import development_roster, development_server_names
from policies.network.errors import NoSteward
from policies.network.load import load_network
from policies.network.roles import RoleCode
from policies.network.rooms import desired_rooms

NETWORK = load_network()
SERVERS = development_server_names(NETWORK)
ROSTER = development_roster(NETWORK, SERVERS)
ROOMS = {room.address: room for room in desired_rooms(NETWORK, SERVERS, ROSTER)}
GROUPS = ("africa", "asia-pacific", "eastern-europe", "grulac", "weog")


def content(room: DesiredRoom, type: str) -> Any:
    return next((state.content for state in room.state if state.type == type), None)


def joined_as(room: DesiredRoom) -> set[str]:
    return {member.user_id for member in room.members}


def test_there_are_35_theme_rooms_and_their_surroundings() -> None:
    """One room a region and theme, a space, lobby and moderators' room a region, and the common rooms."""
    themes = [room for room in ROOMS.values() if room.kind == "theme"]
    assert len(themes) == 5 * 7
    assert {"africa/assets", "weog/inter-state", "grulac/procedures"} <= {room.address for room in themes}
    common = {"announcements", "general", "directory", "capacity-building", "un-igo"}
    expected = {"network"} | {f"network/{code}" for code in common}
    for group in GROUPS:
        expected |= {group, f"{group}/lobby", f"{group}/moderators"}
    assert expected | {room.address for room in themes} == set(ROOMS)


def test_rooms_are_encrypted_and_spaces_are_not() -> None:
    """Every room begins with Megolm and rotation at 50 messages or a day; no space has encryption."""
    for room in ROOMS.values():
        wanted = None if room.is_space else {
            "algorithm": "m.megolm.v1.aes-sha2",
            "rotation_period_msgs": 50,
            "rotation_period_ms": 86_400_000,
        }  # fmt: skip
        assert content(room, "m.room.encryption") == wanted, room.address
    assert sum(room.is_space for room in ROOMS.values()) == 6


def test_nobody_gets_in_or_reads_by_default() -> None:
    """No guests, no public or world-readable room, and the access list is exactly the manifest's servers."""
    for room in ROOMS.values():
        assert content(room, "m.room.guest_access") == {"guest_access": "forbidden"}
        assert content(room, "m.room.history_visibility") == {"history_visibility": "joined"}
        assert content(room, "m.room.join_rules")["join_rule"] in ("invite", "restricted", "knock_restricted")
        assert content(room, "m.room.server_acl") == {
            "allow": sorted(SERVERS.values()),
            "deny": [],
            "allow_ip_literals": False,
        }


@pytest.mark.parametrize(
    ("address", "rule", "through"),
    [
        ("network", "invite", None),
        ("network/general", "restricted", "network"),
        ("africa", "invite", None),
        ("africa/lobby", "restricted", "africa"),
        ("africa/moderators", "invite", None),
        ("africa/assets", "knock_restricted", "africa"),
    ],
)
def test_who_enters(address: str, rule: str, through: str | None) -> None:
    """Spaces and moderators by invitation; the others through their space; theme rooms also by knock."""
    join_rules = content(ROOMS[address], "m.room.join_rules")
    allow = [{"type": "m.room_membership", "room_id": f"room:{through}"}] if through else None
    assert (join_rules["join_rule"], join_rules.get("allow")) == (rule, allow)
    assert ROOMS[address].through == through


def test_power_is_the_stewards() -> None:
    """What decides on access is above every level given to anyone, and inviting needs a moderator."""
    guarded = [
        "join_rules",
        "history_visibility",
        "guest_access",
        "encryption",
        "server_acl",
        "power_levels",
        "tombstone",
        "name",
        "topic",
    ]
    for room in ROOMS.values():
        powers = content(room, "m.room.power_levels")
        assert powers["invite"] == powers["kick"] == powers["ban"] == 50
        assert powers["state_default"] == 150
        for type in [*(f"m.room.{name}" for name in guarded), "m.space.child", "org.rogatory.attestation"]:
            assert powers["events"][type] == 150
        assert max(powers["users"].values(), default=0) <= 50 < 150


def test_creators_are_never_in_power_levels() -> None:
    """Room version 12 refuses a room whose power levels list a creator."""
    for room in ROOMS.values():
        listed = set(content(room, "m.room.power_levels")["users"])
        assert not listed & {room.creator, *room.additional_creators}, room.address


def test_who_has_power_where() -> None:
    """A region's moderator moderates that region's rooms and the common ones, and nobody else's."""
    mine = "@moderator.1:africa.rogatory.test"
    powered = {
        room.address for room in ROOMS.values() if mine in content(room, "m.room.power_levels")["users"]
    }
    assert powered == {address for address in ROOMS if address.split("/")[0] in ("africa", "network")}


def test_only_the_court_and_moderators_announce() -> None:
    """In announcements a member cannot post, the Court and moderators can; in general everyone can."""
    powers = content(ROOMS["network/announcements"], "m.room.power_levels")
    assert powers["users_default"] < powers["events_default"] <= powers["users"]["@otp:court.rogatory.test"]
    assert powers["events_default"] <= powers["users"]["@moderator.1:weog.rogatory.test"]
    assert content(ROOMS["network/general"], "m.room.power_levels")["events_default"] == 0


def test_the_permanent_network_survives_any_node() -> None:
    """Its space and rooms are the Court's steward's, owned by every region's steward, who all join."""
    stewards = {f"@steward:{SERVERS[group]}" for group in GROUPS}
    for address, room in ROOMS.items():
        if address.split("/")[0] == "network":
            assert room.creator == "@steward:court.rogatory.test"
            assert set(room.additional_creators) == stewards
            assert {member.user_id for member in room.members if member.owner} == stewards


def test_regional_rooms_are_the_regions_with_the_court_as_owner_beside() -> None:
    """A region's steward makes its rooms on its server, and the Court's steward owns them with him."""
    room = ROOMS["weog/arrest"]
    assert (room.server, room.creator) == ("weog.rogatory.test", "@steward:weog.rogatory.test")
    assert room.additional_creators == ("@steward:court.rogatory.test",)


def test_who_belongs_where() -> None:
    """A focal point is in the region's rooms but the moderators', and in three of the whole network."""
    mine = "@sen.focal-point.1:africa.rogatory.test"
    regional = {f"africa/{theme}" for theme in NETWORK.themes} | {"africa", "africa/lobby"}
    assert {a for a, room in ROOMS.items() if mine in joined_as(room)} == regional | {
        "network",
        "network/directory",
        "network/general",
    }
    assert joined_as(ROOMS["africa/moderators"]) == {"@moderator.1:africa.rogatory.test"}


def test_no_operator_is_in_any_room() -> None:
    """A node's administrator belongs to no room."""
    operators = {account.user_id for account in ROSTER if account.role is RoleCode.OPERATOR}
    assert not any(joined_as(room) & operators for room in ROOMS.values())


def test_a_theme_room_takes_only_who_holds_the_theme() -> None:
    """A focal point for other themes is not brought into a theme's room."""
    narrowed = tuple(
        msgspec.structs.replace(account, themes=("arrest",)) if account.state == "SEN" else account
        for account in ROSTER
    )
    rooms = {room.address: room for room in desired_rooms(NETWORK, SERVERS, narrowed)}
    mine = "@sen.focal-point.1:africa.rogatory.test"
    assert mine in joined_as(rooms["africa/arrest"])
    assert mine not in joined_as(rooms["africa/assets"])


def test_names_and_topics_are_the_policys_own_words() -> None:
    """No name or topic, which are not encrypted, tells a State or a person, and each is one short line."""
    states = {state.en for region in NETWORK.regions.values() for state in region.states.values()}
    names = [room.name for room in ROOMS.values()]
    assert len(set(names)) == len(names)
    for room in ROOMS.values():
        assert len(room.name) <= 120
        assert "\n" not in room.name + room.topic
        assert not any(state in room.name + room.topic for state in states)


def test_a_space_lists_its_rooms_in_order_and_they_know_it() -> None:
    """A region's space names its nine rooms, the network's its five and five spaces; each points back."""
    children = [state.state_key for state in ROOMS["africa"].children]
    assert children == [
        "room:africa/lobby",
        "room:africa/moderators",
        *(f"room:africa/{theme}" for theme in NETWORK.themes),
    ]
    orders = [state.content["order"] for state in ROOMS["network"].children]
    assert orders == sorted(str(order) for order in orders)
    assert len(orders) == 10
    for space in (room for room in ROOMS.values() if room.is_space):
        for child in space.children:
            inside = ROOMS[child.state_key.removeprefix("room:")]
            parents = [state.state_key for state in inside.state if state.type == "m.space.parent"]
            assert parents == [f"room:{space.address}"]


def test_fewer_servers_give_fewer_rooms() -> None:
    """A manifest without a region has no room of it, and a region without a steward is an error."""
    servers = {"court": "court.example", "weog": "weog.example"}
    roster = development_roster(NETWORK, servers)
    rooms = desired_rooms(NETWORK, servers, roster)
    assert {room.address.split("/")[0] for room in rooms} == {"network", "weog"}
    with pytest.raises(NoSteward, match="weog"):
        desired_rooms(NETWORK, servers, tuple(a for a in roster if "steward:weog" not in a.user_id))
