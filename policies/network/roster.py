"""Who holds which function: the accounts that rooms take their members from."""

from __future__ import annotations

import msgspec

from policies.network.errors import NoSteward
from policies.network.roles import RoleCode


class FunctionAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One function account.

    `user_id` is the full Matrix user id, `server_name` its server, `region` the code of that server's region;
    `state` (alpha-3) and `themes` (their codes) are a focal point's, `organ` is the Court's.
    """

    user_id: str
    server_name: str
    role: RoleCode
    region: str
    state: str | None = None
    organ: str | None = None
    themes: tuple[str, ...] = ()


Roster = tuple[FunctionAccount, ...]
"""All function accounts, in the order in which rooms invite them."""


def steward_of(roster: Roster, region: str) -> FunctionAccount:
    """Return the steward of a region, who makes its rooms. Raises NoSteward."""
    for account in roster:
        if account.role is RoleCode.STEWARD and account.region == region:
            return account
    raise NoSteward(
        f"The region '{region}' has no steward.",
        why="A region's steward makes its rooms and owns them.",
        remedy="Give the roster a steward's account for it.",
    )
