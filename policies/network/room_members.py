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
    steward_servers = {
        account.server_name
        for rule, account in _belonging(kind, region, theme, roster)
        if account.role is RoleCode.STEWARD and rule.membership is Belonging.JOIN
    }
    wanted = [
        DesiredMember(
            user_id=account.user_id,
            server=account.server_name,
            belonging=rule.membership,
            inviter=_inviter(kind, rule, account, creator, steward_servers, roster),
            owner=account.role is RoleCode.STEWARD,
        )
        for rule, account in _belonging(kind, region, theme, roster)
        if rule.membership is not Belonging.OPEN and account != creator
    ]
    return tuple(sorted(wanted, key=lambda member: not member.owner))


def _inviter(
    kind: RoomKind,
    rule: MemberRule,
    account: FunctionAccount,
    creator: FunctionAccount,
    steward_servers: set[str],
    roster: Roster,
) -> str | None:
    """Return who invites, None where the member enters through the room's space.

    A region's own steward where there is one in the room: an invitation on one's own server costs no request
    to another one, and its homeserver does not count it against the limit for invitations from outside.
    """
    if kind.join is not JoinRule.INVITE and rule.membership is Belonging.JOIN:
        return None
    if account.role is not RoleCode.STEWARD and account.server_name in steward_servers:
        return steward_of(roster, account.region).user_id
    return creator.user_id


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
