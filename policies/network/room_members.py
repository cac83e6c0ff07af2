"""Who belongs to a room, who owns it and who has which power there, derived from its kind and the roster."""

from __future__ import annotations

from collections.abc import Iterator

from policies.network.constitution import Power
from policies.network.desired import DesiredMember
from policies.network.regions import COURT
from policies.network.roles import RoleCode
from policies.network.room_kinds import Belonging, JoinRule, MemberRule, Origin, Owners, RoomKind
from policies.network.roster import FunctionAccount, Roster, steward_of


def owners(kind: RoomKind, region: str, roster: Roster) -> tuple[str, ...]:
    """Return the stewards who own a room of `region` together with that region's steward, its creator."""
    creator = steward_of(roster, region)
    if kind.co_creators is Owners.COURT:
        others = [steward_of(roster, COURT)]
    else:
        others = [account for account in roster if account.role is RoleCode.STEWARD]
    return tuple(account.user_id for account in others if account != creator)


def levels(kind: RoomKind, region: str, power: Power, roster: Roster) -> dict[str, int]:
    """Return the power levels, by user id, of those in a room of `region` who have more than a member."""
    by_role = {RoleCode.MODERATOR: power.moderator, RoleCode.COURT: power.court}
    return {
        account.user_id: by_role[account.role]
        for _, account in _belonging(kind, region, None, roster)
        if account.role in by_role
    }


def members(kind: RoomKind, region: str, theme: str | None, roster: Roster) -> tuple[DesiredMember, ...]:
    """Return who is brought into a room of `region`, besides its creator, stewards first.

    In a room with a `theme` only the focal points who hold it.
    """
    creator = steward_of(roster, region)
    wanted = [
        DesiredMember(
            user_id=account.user_id,
            server=account.server_name,
            belonging=rule.membership,
            invited=kind.join is JoinRule.INVITE or rule.membership is Belonging.INVITE,
            owner=account.role is RoleCode.STEWARD,
        )
        for rule, account in _belonging(kind, region, theme, roster)
        if rule.membership is not Belonging.OPEN and account != creator
    ]
    return tuple(sorted(wanted, key=lambda member: not member.owner))


def _belonging(
    kind: RoomKind, region: str, theme: str | None, roster: Roster
) -> Iterator[tuple[MemberRule, FunctionAccount]]:
    for rule in kind.members:
        for account in roster:
            holds = theme is None or account.role is not RoleCode.FOCAL_POINT or theme in account.themes
            if account.role is rule.role and _is_of(account, rule.of, region) and holds:
                yield rule, account


def _is_of(account: FunctionAccount, origin: Origin, region: str) -> bool:
    return {
        Origin.EVERY_REGION: True,
        Origin.OWN_REGION: account.region == region,
        Origin.COURT: account.region == COURT,
    }[origin]
