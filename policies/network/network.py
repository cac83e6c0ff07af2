"""The whole network as policy has it: one value, with the questions that others ask of it."""

from __future__ import annotations

import msgspec

from policies.network.constitution import Constitution
from policies.network.errors import UnknownRegionCode, UnknownState, UnknownTheme, nearest
from policies.network.regions import Region, StateParty
from policies.network.roles import Role, RoleCode
from policies.network.room_kinds import RoomKind
from policies.network.themes import Theme


class Development(msgspec.Struct, frozen=True, kw_only=True):
    """The network that one machine brings up: its domain, the Court's organ, a State for each region."""

    domain: str
    organ: str
    focal_points: dict[str, str]


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What the network should be. Regions are in order, the Court's node first; themes by priority."""

    constitution: Constitution
    regions: dict[str, Region]
    themes: dict[str, Theme]
    room_kinds: dict[str, RoomKind]
    roles: dict[RoleCode, Role]
    development: Development

    def region(self, code: str) -> Region:
        """Return a region by its code, as `africa`. Raises UnknownRegionCode, naming the nearest."""
        if (region := self.regions.get(code)) is not None:
            return region
        raise UnknownRegionCode(
            f"There is no region '{code}'.",
            why=f"The policy has {', '.join(self.regions)}.",
            remedy=nearest(code, self.regions),
        )

    def theme(self, code: str) -> Theme:
        """Return a theme by its short code or its priority, as `assets` or `P4`. Raises UnknownTheme."""
        for theme in self.themes.values():
            if code in (theme.code, theme.priority_code):
                return theme
        raise UnknownTheme(
            f"There is no theme '{code}'.",
            why=f"The policy has {', '.join(self.themes)}.",
            remedy=nearest(code, self.themes),
        )

    def state_party(self, alpha3: str) -> tuple[Region, StateParty]:
        """Return a State and its region by the State's ISO 3166-1 alpha-3 code. Raises UnknownState."""
        for region in self.regions.values():
            if (state := region.states.get(alpha3)) is not None:
                return region, state
        raise UnknownState(
            f"There is no State Party '{alpha3}'.",
            why="States are named by their ISO 3166-1 alpha-3 codes, as SEN.",
            remedy=nearest(alpha3, [code for region in self.regions.values() for code in region.states]),
        )
