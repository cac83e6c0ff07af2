"""The state that a room of the policy holds (Matrix client-server API, room version 12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policies.network.addresses import reference
from policies.network.constitution import Encryption, Power
from policies.network.desired import POLICY_STATE, DesiredState
from policies.network.protected_state import PROTECTED
from policies.network.room_kinds import JoinRule, RoomKind

_STEWARDS_ONLY = (*PROTECTED, POLICY_STATE)
"""State that nobody but a creator may change: what decides who enters and reads, and what is in the clear."""


def identity_state(address: str, name: str, topic: str) -> list[DesiredState]:
    """Return what names a room. Name and topic are given as state: /createRoom would add to a topic."""
    return [
        DesiredState(type=POLICY_STATE, content={"address": address}),
        DesiredState(type="m.room.name", content={"name": name}),
        DesiredState(type="m.room.topic", content={"topic": topic}),
    ]


def access_state(kind: RoomKind, through: str | None, servers: Sequence[str]) -> list[DesiredState]:
    """Return who gets in and who reads: join rule, history, guests, and the servers that take part.

    `through` is the address of the space whose members may enter, for a kind that has one; `servers` are all
    server names of the manifest.
    """
    join_rules: dict[str, object] = {"join_rule": kind.join.value}
    if kind.join is not JoinRule.INVITE and through is not None:
        join_rules["allow"] = [{"type": "m.room_membership", "room_id": reference(through)}]
    return [
        DesiredState(type="m.room.join_rules", content=join_rules),
        DesiredState(type="m.room.history_visibility", content={"history_visibility": kind.history.value}),
        DesiredState(type="m.room.guest_access", content={"guest_access": "forbidden"}),
        DesiredState(
            type="m.room.server_acl",
            content={"allow": sorted(servers), "deny": [], "allow_ip_literals": False},
        ),
    ]


def encryption_state(kind: RoomKind, encryption: Encryption) -> list[DesiredState]:
    """Return the room's encryption. Spaces have none: they hold rooms, and cannot be rid of it again."""
    return [] if kind.space else [DesiredState(type="m.room.encryption", content=encryption.content())]


def power_state(kind: RoomKind, power: Power, levels: Mapping[str, int]) -> DesiredState:
    """Return the powers in a room: `levels` of its people by user id.

    Creators have power without limit and may not be listed (room version 12). The content is whole, so that
    what a homeserver would add of itself is no difference.
    """
    return DesiredState(
        type="m.room.power_levels",
        content={
            "ban": power.moderator,
            "events": dict.fromkeys(_STEWARDS_ONLY, power.steward)
            | {"m.room.pinned_events": power.moderator},
            "events_default": kind.post,
            "historical": power.steward,
            "invite": power.moderator,
            "kick": power.moderator,
            "notifications": {"room": power.moderator},
            "redact": power.moderator,
            "state_default": power.steward,
            "users": dict(levels),
            "users_default": power.member,
        },
    )


def parent_state(parent: str, via: Sequence[str]) -> DesiredState:
    """Return what tells of the space at address `parent` that a room belongs to; `via` servers in it."""
    return DesiredState(
        type="m.space.parent", state_key=reference(parent), content={"via": list(via), "canonical": True}
    )


def child_state(child: str, place: int, via: Sequence[str]) -> DesiredState:
    """Return what tells of the room at address `child` in a space, at its `place` among the others."""
    return DesiredState(
        type="m.space.child",
        state_key=reference(child),
        content={"via": list(via), "order": f"{place:02}", "suggested": True},
    )
