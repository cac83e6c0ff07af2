"""Messages of verifications as the sync finds them, set aside until it is committed."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from client.session.crypto.verification.messages import is_verification
from client.session.events import Content, Json
from client.session.foreign_json import decode


@dataclass(frozen=True)
class Incoming:
    """One message. `room_id` and `event_id` are None for a to-device message; `sent_at` in milliseconds."""

    sender: str
    type: str
    content: Content
    room_id: str | None = None
    event_id: str | None = None
    sent_at: int | None = None


def incoming_to_device(sender: str, type: str, content: msgspec.Raw) -> Incoming | None:
    """Return a message if it belongs to a verification. Raises msgspec.DecodeError."""
    if not is_verification(type, {}):
        return None
    return Incoming(sender, type, decode(content, type=dict[str, Json]))


def incoming_in_clear(
    room_id: str, event_id: str, sender: str, sent_at: int, type: str, content: msgspec.Raw
) -> Incoming | None:
    """Return an unencrypted event of a room if it belongs to a verification.

    Element sends them so. Nothing is lost by it: a verification trusts nothing but what people compare.
    """
    if not (type == "m.room.message" or is_verification(type, {})):
        return None
    try:
        decoded = decode(content, type=dict[str, Json])
    except msgspec.DecodeError:
        return None
    if not is_verification(type, decoded):
        return None
    return Incoming(sender, type, decoded, room_id, event_id, sent_at)
