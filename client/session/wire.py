"""Matrix JSON as it comes over the wire: small shapes, percent-encoding, and the readers of both."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

import msgspec

from client.session.errors import HomeserverRefused
from client.session.events import Json, StateEvent
from client.session.foreign_json import decode, mended

_Answer = TypeVar("_Answer")

CLIENT = "/_matrix/client/v3"
"""Prefix of the client-server API's paths."""
USE_STATE_AFTER = "org.matrix.msc4222.use_state_after"
STATE_AFTER = "org.matrix.msc4222.state_after"
"""What asks /sync for the state after the timeline, and where its answer has that (MSC4222)."""


def part(text: str) -> str:
    """Return one part of a path, percent-encoded whole: room ids, aliases and event types hold anything."""
    return quote(text, safe="")


def read_answer(raw: bytes, type: type[_Answer]) -> _Answer:
    """Return a homeserver's answer decoded. Raises HomeserverRefused when it is not what it should be.

    What one piece of it holds spoils no other: see `foreign_json.mended`.
    """
    try:
        if raw.isascii() or raw.decode():
            return msgspec.json.decode(raw, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return msgspec.json.decode(mended(raw), type=type)
    except msgspec.DecodeError as error:
        raise HomeserverRefused(
            "The homeserver's answer cannot be read.",
            why=f"It is not what the Matrix specification says: {error}.",
            remedy="Check that the address is that of a Matrix homeserver; ask who runs it if it persists.",
            status=200,
            errcode="M_BAD_JSON",
        ) from None


class WireStateEvent(msgspec.Struct):
    """A state event as GET /state and /sync give it; members we do not use are ignored."""

    type: str
    sender: str
    event_id: str
    content: dict[str, Json]
    state_key: str | None = None

    def value(self) -> StateEvent | None:
        """Return our value of it, or None when it is no state event."""
        if self.state_key is None:
            return None
        return StateEvent(
            type=self.type,
            state_key=self.state_key,
            sender=self.sender,
            event_id=self.event_id,
            content=self.content,
        )


def read_state(events: list[msgspec.Raw]) -> list[StateEvent]:
    """Return the state events among `events`; a malformed one costs no other."""
    values = []
    for raw in events:
        try:
            value = decode(raw, type=WireStateEvent).value()
        except msgspec.DecodeError:
            continue
        if value is not None:
            values.append(value)
    return values
