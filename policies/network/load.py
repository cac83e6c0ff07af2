"""Reads the network from its TOML files, and checks what they say of one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from policies.network.constitution import Constitution
from policies.network.errors import DataUnreadable, MissingKey, UnknownReference, WrongValue, nearest
from policies.network.network import Development, Network
from policies.network.regions import COURT, Region
from policies.network.roles import Role, RoleCode
from policies.network.room_kinds import RoomKind, Scope
from policies.network.themes import Theme
from policies.typed_toml import read_toml, read_toml_by_code

FIXED_KINDS = ("network-space", "region-space", "theme")
"""The kinds of rooms that every network has without naming them."""


@cache
def load_network() -> Network:
    """Return the network of the packaged policy. Raises NetworkPolicyError when its files are not right."""
    return read_network(files("policies").joinpath("data"))


@cache
def load_regions() -> dict[str, Region]:
    """Return the packaged regions with their States alone, in order. Raises NetworkPolicyError."""
    return _read_regions(files("policies").joinpath("data", "regions"))


def read_network(data: Traversable) -> Network:
    """Read a folder of policy files.

    Raises NetworkPolicyError: what is wrong first, with its file and dotted key.
    """
    themes = read_toml_by_code(data.joinpath("themes.toml"), Theme)
    network = Network(
        constitution=read_toml(data.joinpath("constitution.toml"), Constitution),
        regions=_read_regions(data.joinpath("regions")),
        themes=dict(sorted(themes.items(), key=lambda item: item[1].priority)),
        room_kinds=read_toml_by_code(data.joinpath("room_kinds.toml"), RoomKind),
        roles=_read_roles(data.joinpath("roles.toml")),
        development=read_toml(data.joinpath("development.toml"), Development),
    )
    _check_regions(network)
    _check_themes(network)
    _check_kinds(network)
    _check_development(network)
    return network


def _read_regions(folder: Traversable) -> dict[str, Region]:
    try:
        names = [file.name for file in folder.iterdir() if file.name.endswith(".toml")]
    except OSError as error:
        raise DataUnreadable(
            "The regions' policy files cannot be read.",
            why=f"{error.strerror}.",
            remedy="Restore the folder.",
        ) from None
    regions = [
        read_toml(folder.joinpath(name), Region, code=name.removesuffix(".toml")) for name in sorted(names)
    ]
    return {region.code: region for region in sorted(regions, key=lambda region: region.order)}


def _read_roles(file: Traversable) -> dict[RoleCode, Role]:
    roles = {role.code: role for role in read_toml_by_code(file, Role).values()}
    for code in RoleCode:
        _require(code, roles, file.name)
    return roles


def _check_regions(network: Network) -> None:
    _require(COURT, network.regions, "regions")
    counts = Counter(alpha3 for region in network.regions.values() for alpha3 in region.states)
    twice = [alpha3 for alpha3, count in counts.items() if count > 1]
    if twice:
        raise WrongValue(
            f"The State {twice[0]} stands in more than one region.",
            why="A State has one group.",
            remedy=f"Take {twice[0]} out of all files but one.",
        )


def _check_themes(network: Network) -> None:
    priorities = [theme.priority for theme in network.themes.values()]
    if len(set(priorities)) != len(priorities):
        raise WrongValue(
            "themes.toml gives one priority to two themes.",
            why=f"The priorities are {priorities}.",
            remedy="Number them one by one.",
        )


def _check_kinds(network: Network) -> None:
    for kind in FIXED_KINDS:
        _require(kind, network.room_kinds, "room_kinds.toml")
    constitution, kinds = network.constitution, network.room_kinds.values()
    for table, rooms, scope in (
        ("rooms", constitution.rooms, Scope.NETWORK),
        ("region_rooms", constitution.region_rooms, Scope.REGION),
    ):
        known = [kind.code for kind in kinds if kind.scope is scope and not kind.space]
        for code, room in rooms.items():
            _refer("constitution.toml", f"{table}.{code}.kind", room.kind, known)


def _check_development(network: Network) -> None:
    groups = [code for code in network.regions if code != COURT]
    for code in groups:
        _require(
            f"focal_points.{code}",
            [f"focal_points.{c}" for c in network.development.focal_points],
            "development.toml",
        )
    for code, alpha3 in network.development.focal_points.items():
        _refer("development.toml", f"focal_points.{code}", code, groups)
        _refer("development.toml", f"focal_points.{code}", alpha3, network.regions[code].states)


def _require(key: str, present: Iterable[str], file: str) -> None:
    if key not in present:
        raise MissingKey(
            f"{file} lacks {key}.",
            why=f"The network cannot do without '{key}'.",
            remedy="Add it to the file.",
        )


def _refer(file: str, key: str, word: str, known: Iterable[str]) -> None:
    known = tuple(known)
    if word not in known:
        raise UnknownReference(
            f"{file} names an unknown '{word}' at {key}.",
            why="Nothing of that name is defined where it must be.",
            remedy=nearest(word, known),
        )
