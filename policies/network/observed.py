"""What is there: the rooms of the policy as their servers show them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from policies.network.addresses import Content


class ObservedRoom(msgspec.Struct, frozen=True, kw_only=True):
    """One room as it is.

    `state` is the content by type and state key, memberships apart; `members` the membership (join, invite,
    knock, leave or ban) by user id.
    """

    address: str
    room_id: str
    state: Mapping[tuple[str, str], Content]
    members: Mapping[str, str]


Observed = Mapping[str, ObservedRoom]
"""The rooms that are there, by policy address."""
