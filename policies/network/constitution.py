"""What holds for every room of the network, and the rooms that all regions share."""

from __future__ import annotations

from typing import Annotated

import msgspec

from policies.network.titles import Title

Positive = Annotated[int, msgspec.Meta(ge=1)]


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """How rooms are encrypted: the algorithm, and when a sender takes a new key."""

    algorithm: str
    rotation_messages: Positive
    rotation_seconds: Positive

    def content(self) -> dict[str, object]:
        """Return the content of m.room.encryption."""
        return {
            "algorithm": self.algorithm,
            "rotation_period_msgs": self.rotation_messages,
            "rotation_period_ms": self.rotation_seconds * 1000,
        }


class Power(msgspec.Struct, frozen=True, kw_only=True):
    """Power levels. `steward` is what the state of a room needs, above any level that a person is given."""

    member: int
    court: int
    moderator: int
    steward: int

    def __post_init__(self) -> None:
        if not self.member < self.court < self.moderator < self.steward:
            raise ValueError("power must rise from member over court and moderator to steward")


class NamedRoom(msgspec.Struct, frozen=True, kw_only=True):
    """One room that the policy names: its place among the others, its kind and its words."""

    order: int
    kind: str
    name: Title
    topic: Title


class Constitution(msgspec.Struct, frozen=True, kw_only=True):
    """The network's own page: its name, encryption and powers, and the rooms that it names.

    `rooms` are those of the network's space, `region_rooms` those of each region's, by their short codes.
    """

    name: Title
    topic: Title
    encryption: Encryption
    power: Power
    rooms: dict[str, NamedRoom]
    region_rooms: dict[str, NamedRoom]
