"""A message of a case as a member of the export: the frame that the exporter saw, and the content."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec

from policies.requests.case.received import Received
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = 2**42


class _Framed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sent_at` is in milliseconds since 1970 UTC; `content` a text where it has no canonical form."""

    event_id: str
    sender: str
    sent_at: int
    content: dict[str, object] | str


def message_bytes(received: Received) -> bytes:
    """Return the one sequence of bytes that stands for a message as it was received.

    A content without a canonical form, which the reducer refuses, stands there as the text of its JSON.
    """
    content: object = dict(received.content)
    try:
        canonical_json.encode(content)
    except CanonicalJsonError:
        content = _as_text(content)
    framed = {
        "event_id": received.event_id,
        "sender": received.sender,
        "sent_at": (received.sent_at - _EPOCH) // _MILLISECOND,
        "content": content,
    }
    return canonical_json.encode(framed)


def read_message(data: bytes, room_id: str) -> Received:
    """Read a message of the room `room_id`. Raises ValueError or CanonicalJsonError when it is none."""
    framed = msgspec.convert(canonical_json.decode_object(data), _Framed)
    content = framed.content
    if isinstance(content, str):
        content = json.loads(content)
    if not isinstance(content, dict) or not 0 <= framed.sent_at <= _LATEST:
        raise ValueError("its content is no object, or its time no time")
    return Received(
        event_id=framed.event_id,
        sender=framed.sender,
        room_id=room_id,
        sent_at=_EPOCH + framed.sent_at * _MILLISECOND,
        content=content,
    )


def in_milliseconds(received: Received) -> Received:
    """Return a message with its time as the export has it."""
    whole = (received.sent_at - _EPOCH) // _MILLISECOND * _MILLISECOND
    return msgspec.structs.replace(received, sent_at=_EPOCH + whole)


def _as_text(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
