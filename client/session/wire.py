"""Matrix JSON as it comes over the wire: small shapes, percent-encoding, and the readers of both."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from client.session.events import Json, StateEvent

CLIENT = "/_matrix/client/v3"
"""Prefix of the client-server API's paths."""


def part(text: str) -> str:
    """Return one part of a path, percent-encoded whole: room ids, aliases and event types hold anything."""
    return quote(text, safe="")


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
            value = msgspec.json.decode(raw, type=WireStateEvent).value()
        except msgspec.DecodeError:
            continue
        if value is not None:
            values.append(value)
    return values
