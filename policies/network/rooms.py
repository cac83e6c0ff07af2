"""Which rooms the network should have, derived from the policy, the servers and the roster.

Names and topics are not encrypted. They come from the policy's own words alone: never from a case, a person
or a State's request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policies.network.desired import DesiredRoom
from policies.network.network import Network
from policies.network.regions import COURT, Region
from policies.network.room_kinds import RoomKind, Scope
from policies.network.room_members import levels, members, owners
from policies.network.room_state import (
    access_state,
    child_state,
    encryption_state,
    identity_state,
    parent_state,
    power_state,
)
from policies.network.roster import Roster, steward_of

NETWORK_SPACE = "network"
"""The address of the permanent network's space."""


@dataclass(frozen=True)
class _Place:
    """One room's place: its address, whose it is, its rules and its words; `theme` where it has one."""

    address: str
    region: str
    kind: RoomKind
    name: str
    topic: str
    parent: str | None
    theme: str | None = None


def desired_rooms(
    network: Network, server_names: Mapping[str, str], roster: Roster
) -> tuple[DesiredRoom, ...]:
    """Return every room that should be, spaces before the rooms in them, so that none refers to a later one.

    `server_names` are those of the whole manifest by region code, the Court's among them, whether they are up
    or not: owners and access lists cannot well be changed later. Rooms of a region that it lacks are left
    out. Raises UnknownRegionCode, or NoSteward when the roster lacks a region's steward.
    """
    regions = [network.region(code) for code in network.regions if code in server_names]
    places = [
        *_network_places(network),
        *(p for r in regions if not r.is_court for p in _region_places(network, r)),
    ]
    return tuple(_desired(place, places, network, server_names, roster) for place in places)


def _network_places(network: Network) -> Iterator[_Place]:
    constitution = network.constitution
    yield _Place(
        address=NETWORK_SPACE,
        region=COURT,
        kind=network.room_kinds["network-space"],
        name=constitution.name.en,
        topic=constitution.topic.both(),
        parent=None,
    )
    for code, room in sorted(constitution.rooms.items(), key=lambda item: item[1].order):
        yield _Place(
            address=f"{NETWORK_SPACE}/{code}",
            region=COURT,
            kind=network.room_kinds[room.kind],
            name=room.name.en,
            topic=room.topic.both(),
            parent=NETWORK_SPACE,
        )


def _region_places(network: Network, region: Region) -> Iterator[_Place]:
    yield _Place(
        address=region.code,
        region=region.code,
        kind=network.room_kinds["region-space"],
        name=region.title.en,
        topic=region.title.both(),
        parent=NETWORK_SPACE,
    )
    for code, room in sorted(network.constitution.region_rooms.items(), key=lambda item: item[1].order):
        yield _Place(
            address=f"{region.code}/{code}",
            region=region.code,
            kind=network.room_kinds[room.kind],
            name=f"{room.name.en} ({region.title.en})",
            topic=room.topic.both(),
            parent=region.code,
        )
    for theme in network.themes.values():
        yield _Place(
            address=f"{region.code}/{theme.code}",
            region=region.code,
            kind=network.room_kinds["theme"],
            name=f"{theme.title.en} ({region.title.en})",
            topic=theme.about.both(),
            parent=region.code,
            theme=theme.code,
        )


def _desired(
    place: _Place,
    places: Sequence[_Place],
    network: Network,
    server_names: Mapping[str, str],
    roster: Roster,
) -> DesiredRoom:
    kind, constitution = place.kind, network.constitution
    creator = steward_of(roster, place.region).user_id
    through = {None: None, Scope.NETWORK: NETWORK_SPACE, Scope.REGION: place.region}[kind.through]
    state = [
        *identity_state(place.address, place.name, place.topic),
        *access_state(kind, through, tuple(server_names.values())),
        *encryption_state(kind, constitution.encryption),
        power_state(kind, constitution.power, levels(kind, place.region, constitution.power, roster)),
    ]
    if place.parent is not None:
        state.append(parent_state(place.parent, _via(place.parent, server_names)))
    inside = [other for other in places if other.parent == place.address]
    return DesiredRoom(
        address=place.address,
        kind=kind.code,
        server=server_names[place.region],
        creator=creator,
        additional_creators=owners(kind, place.region, roster),
        alias_localpart=place.address.replace("/", "."),
        name=place.name,
        topic=place.topic,
        is_space=kind.space,
        through=through,
        state=tuple(state),
        children=tuple(
            child_state(other.address, index, _via(other.address, server_names))
            for index, other in enumerate(inside, start=1)
        ),
        members=members(kind, place.region, place.theme, roster),
    )


def _via(address: str, server_names: Mapping[str, str]) -> list[str]:
    """Return the servers through which a room can be joined: a region's own, or all, the Court's first."""
    region = address.partition("/")[0]
    if region in server_names:
        return [server_names[region]]
    return [server_names[COURT], *(name for code, name in server_names.items() if code != COURT)]
