"""The development network: the servers and function accounts that one machine brings up."""

from __future__ import annotations

from collections.abc import Mapping

from policies.network.network import Network
from policies.network.regions import COURT, Region
from policies.network.roles import RoleCode
from policies.network.roster import FunctionAccount, Roster


def development_server_names(network: Network) -> dict[str, str]:
    """Return the server name of each region's node, as `africa.rogatory.test`, by region code."""
    return {code: f"{code}.{network.development.domain}" for code in network.regions}


def development_roster(network: Network, server_names: Mapping[str, str]) -> Roster:
    """Return the function accounts of the regions that `server_names` has, by region code.

    Of the Court: its organ, steward and operator. Of a group: a focal point for all themes, a moderator, a
    steward and an operator. Raises UnknownRegionCode.
    """
    accounts: list[FunctionAccount] = []
    for code, server_name in server_names.items():
        region = network.region(code)
        roles = (
            (RoleCode.COURT, RoleCode.STEWARD, RoleCode.OPERATOR)
            if region.code == COURT
            else (RoleCode.FOCAL_POINT, RoleCode.MODERATOR, RoleCode.STEWARD, RoleCode.OPERATOR)
        )
        accounts += [_account(network, region, server_name, role) for role in roles]
    return tuple(accounts)


def _account(network: Network, region: Region, server_name: str, role: RoleCode) -> FunctionAccount:
    state = network.development.focal_points.get(region.code) if role is RoleCode.FOCAL_POINT else None
    organ = network.development.organ if role is RoleCode.COURT else None
    localpart = network.roles[role].localpart.format(state=(state or "").lower(), organ=(organ or "").lower())
    return FunctionAccount(
        user_id=f"@{localpart}:{server_name}",
        server_name=server_name,
        role=role,
        region=region.code,
        state=state,
        organ=organ,
        themes=tuple(network.themes) if role is RoleCode.FOCAL_POINT else (),
    )
