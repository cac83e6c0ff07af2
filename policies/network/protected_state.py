"""Which state of a room only its owners may change: one list for the policy, the bots and the fence."""

from __future__ import annotations

SAFETY = (
    "m.room.encryption",
    "m.room.guest_access",
    "m.room.history_visibility",
    "m.room.join_rules",
    "m.room.power_levels",
    "m.room.server_acl",
    "m.room.tombstone",
    "m.space.child",
    "org.rogatory.attestation",
)
"""What decides who enters a room, who reads it and whom one believes: protected in every room."""

PROTECTED = (
    *SAFETY,
    "m.room.avatar",
    "m.room.canonical_alias",
    "m.room.name",
    "m.room.topic",
    "m.space.parent",
)
"""That, and what stands in the clear; protected in the rooms that the policy and the Court's bot make."""
