"""What a room should be: the values that the policy derives and the plan compares."""

from __future__ import annotations

import msgspec

from policies.network.addresses import Content
from policies.network.room_kinds import Belonging

POLICY_STATE = "org.rogatory.policy"
"""The state event by which a room says which policy address it has: {"address": "africa/assets"}."""


class DesiredState(msgspec.Struct, frozen=True, kw_only=True):
    """One state event. `state_key` and `content` may hold references to rooms (see `addresses`).

    `writer` is the owner of the room who changes it later, None for the room's creator. What a room begins
    with comes from its creator.
    """

    type: str
    content: Content
    state_key: str = ""
    writer: str | None = None


class DesiredMember(msgspec.Struct, frozen=True, kw_only=True):
    """Who belongs to a room besides its creator.

    `server` is the user's, so that a plan can leave out whose server is not up. `invited`: by the room's
    creator; otherwise the member may enter through a space. `owner`: a steward who owns the room with its
    creator, and is brought back when missing; anyone else who left stays away.
    """

    user_id: str
    server: str
    belonging: Belonging
    invited: bool
    owner: bool = False


class DesiredRoom(msgspec.Struct, frozen=True, kw_only=True):
    """One room or space of the policy.

    `address` is its lasting name, `server` and `alias_localpart` where it is made and under which alias,
    `creator` and `additional_creators` who own it for good (room version 12), `through` the address of the
    space whose members may enter by themselves. `state` is what it begins with and keeps; `children` what a
    space says of the rooms in it (m.space.child), which can be said only once they exist.
    """

    address: str
    kind: str
    server: str
    creator: str
    additional_creators: tuple[str, ...]
    alias_localpart: str
    name: str
    topic: str
    is_space: bool
    through: str | None
    state: tuple[DesiredState, ...]
    children: tuple[DesiredState, ...]
    members: tuple[DesiredMember, ...]
