"""A gap of a room's timeline, and how far the walk through it has come."""

from __future__ import annotations

from dataclasses import dataclass

END = 2**63 - 1
"""The position behind everything."""


@dataclass(frozen=True)
class OpenGap:
    """What is missing after the event at `lower`; a walk through it meets `most` events at most.

    `token` is where the next page of the walk begins, empty as long as no page of it is stored. Whatever
    stands behind `top` the walk does not meet: it came after the walk began. Of what stands behind the gap it
    has met nothing below `below`.
    """

    room_id: str
    lower: int
    token: str
    fetched: int
    most: int
    top: int = END
    below: int = END
