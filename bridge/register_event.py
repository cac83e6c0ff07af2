"""One event of the register, and the hash that ties it to all that came before."""

from __future__ import annotations

import enum
import hashlib

import msgspec

from policies.trust import canonical_json

FIRST_LINK = "0" * 64
"""What the first event names as its predecessor's hash."""


class EventKind(enum.StrEnum):
    """What the register records of a request, in the order in which it happens."""

    INTENDED = "intended"
    ROOM_OPENED = "room-opened"
    INVITED = "invited"
    SIGNED = "signed"
    POSTED = "posted"
    DELIVERED = "delivered"
    RECEIVED = "received"
    """A message of its room that calls itself a request, an answer or a step; once for each Matrix event."""
    JUDGED = "judged"
    """What the reducer says of a received message: accepted, or refused with the reason."""
    STEP_SIGNED = "step-signed"
    STEP_POSTED = "step-posted"


class RegisterEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. `at` is RFC 3339 UTC, `payload` depends on the kind, the hashes are lowercase hex."""

    sequence: int
    at: str
    kind: EventKind
    request_id: str
    payload: dict[str, object]
    previous_sha256: str
    sha256: str


def link(event: RegisterEvent) -> str:
    """Return the hash that the event must have: SHA-256 of its canonical JSON without the hash itself."""
    content = canonical_json.from_struct(event)
    content.pop("sha256")
    return hashlib.sha256(canonical_json.encode(content)).hexdigest()
