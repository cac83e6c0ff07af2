"""The kinds of rooms and their rules."""

from __future__ import annotations

import enum

import msgspec

from policies.network.roles import RoleCode


class Scope(enum.StrEnum):
    """Whose room it is, and so whose steward makes it."""

    NETWORK = "network"
    REGION = "region"


class Owners(enum.StrEnum):
    """Whose stewards own a room together with its creator (room version 12, additional_creators)."""

    EVERY_REGION = "every-region"
    COURT = "court"


class HistoryVisibility(enum.StrEnum):
    """From when on a member reads (Matrix spec, m.room.history_visibility); world-readable is not ours."""

    INVITED = "invited"
    JOINED = "joined"


class JoinRule(enum.StrEnum):
    """Who may enter (Matrix spec, m.room.join_rules); public is not ours."""

    INVITE = "invite"
    RESTRICTED = "restricted"
    KNOCK_RESTRICTED = "knock_restricted"


class Origin(enum.StrEnum):
    """Of which nodes a rule speaks, as seen from a room."""

    EVERY_REGION = "every-region"
    OWN_REGION = "own-region"
    COURT = "court"


class Belonging(enum.StrEnum):
    """How far the policy brings someone into a room: joins, is invited, or may come."""

    JOIN = "join"
    INVITE = "invite"
    OPEN = "open"


class MemberRule(msgspec.Struct, frozen=True, kw_only=True):
    """Who belongs to a room of this kind: accounts of a role, of some nodes."""

    role: RoleCode
    of: Origin
    membership: Belonging


class RoomKind(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one kind of room. `post` is the power that a message needs."""

    code: str
    scope: Scope
    co_creators: Owners
    history: HistoryVisibility
    join: JoinRule
    post: int
    members: tuple[MemberRule, ...]
    through: Scope | None = None
    space: bool = False

    def __post_init__(self) -> None:
        if (self.join is JoinRule.INVITE) == (self.through is not None):
            raise ValueError("'through' names the space of a restricted room, and of no other")
        if self.through is Scope.REGION and self.scope is Scope.NETWORK:
            raise ValueError("a room of the whole network has no region's space to enter through")
