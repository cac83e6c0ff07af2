"""The roles that function accounts have."""

from __future__ import annotations

import enum

import msgspec

from policies.network.titles import Title


class RoleCode(enum.StrEnum):
    """Who a function account acts as (design section 12)."""

    FOCAL_POINT = "focal-point"
    MODERATOR = "moderator"
    COURT = "court"
    STEWARD = "steward"
    OPERATOR = "operator"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """One role. `localpart` is the pattern of its account in the development network."""

    code: RoleCode
    title: Title
    localpart: str
