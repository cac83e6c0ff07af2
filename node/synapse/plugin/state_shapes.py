"""Which state a room may have, and which members each kind of it may carry.

State is never encrypted. So this is an allow-list, of types and of their members: a type that is not here, or
one member more, is plaintext that every server of the room reads (Matrix specification, "Room events").
"""

from __future__ import annotations

from collections.abc import Mapping

from node.errors import FenceRefusal

OURS = "org.rogatory."
"""Our own namespace: what the network's officials publish of the network itself, as attestations."""

NAME_LENGTH = 120
"""The most characters of a room's name or alias line: a name, no message."""

_MEMBERS: dict[str, frozenset[str]] = {
    "m.room.create": frozenset({"room_version", "type", "m.federate", "predecessor", "additional_creators"}),
    "m.room.member": frozenset(
        {
            "membership",
            "displayname",
            "avatar_url",
            "is_direct",
            "join_authorised_via_users_server",
            "reason",  # empty only: see rules.py
        }
    ),
    "m.room.power_levels": frozenset(
        {
            "ban",
            "events",
            "events_default",
            "historical",
            "invite",
            "kick",
            "notifications",
            "redact",
            "state_default",
            "users",
            "users_default",
        }
    ),
    "m.room.join_rules": frozenset({"join_rule", "allow"}),
    "m.room.history_visibility": frozenset({"history_visibility"}),
    "m.room.guest_access": frozenset({"guest_access"}),
    "m.room.encryption": frozenset({"algorithm", "rotation_period_ms", "rotation_period_msgs"}),
    "m.room.server_acl": frozenset({"allow", "deny", "allow_ip_literals"}),
    "m.room.name": frozenset({"name"}),
    "m.room.topic": frozenset({"topic", "m.topic"}),
    "m.room.avatar": frozenset({"url", "info", "thumbnail_url", "thumbnail_info"}),
    "m.room.canonical_alias": frozenset({"alias", "alt_aliases"}),
    "m.room.tombstone": frozenset({"body", "replacement_room"}),
    "m.room.pinned_events": frozenset({"pinned"}),
    "m.space.child": frozenset({"via", "order", "suggested"}),
    "m.space.parent": frozenset({"via", "canonical"}),
}


def check_shape(type: str, content: Mapping[str, object], *, official: bool) -> None:
    """Raise FenceRefusal unless a room may have state of this `type` with these members.

    What is in our own namespace has any shape, so it is for an `official`: a steward, an organ of the Court.
    """
    if type.startswith(OURS) and official:
        return
    allowed = _MEMBERS.get(type)
    if allowed is None:
        raise FenceRefusal(
            f"State of the type {type} is not allowed.",
            why="State is not encrypted: every server of the room could read it.",
            remedy="Send it as an encrypted message.",
        )
    strange = sorted(
        member for member in content if member not in allowed and not (official and member.startswith(OURS))
    )
    if strange:
        raise FenceRefusal(
            f"{type} may not have the member {strange[0]}.",
            why="State is not encrypted: every server of the room could read it.",
            remedy="Leave it out, and send what it says as an encrypted message.",
        )
