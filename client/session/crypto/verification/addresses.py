"""How the messages of one verification find it: by an id among one's devices, by a relation in a room."""

from __future__ import annotations

from dataclasses import dataclass

from client.session.events import Content, Json

_LONGEST_ID = 255


@dataclass(frozen=True)
class ToDeviceAddress:
    """Between devices of one account, each message carries the id that the request brought."""

    transaction_id: str

    def bind(self, content: Content) -> dict[str, Json]:
        """Return the content of a message as it is sent."""
        return {**content, "transaction_id": self.transaction_id}


@dataclass(frozen=True)
class RoomAddress:
    """Between two users, each message refers to the event of the request, whose id is the transaction's."""

    room_id: str
    transaction_id: str

    def bind(self, content: Content) -> dict[str, Json]:
        """Return the content of a message as it is sent."""
        return {**content, "m.relates_to": {"rel_type": "m.reference", "event_id": self.transaction_id}}


Address = ToDeviceAddress | RoomAddress


def transaction_of(content: Content) -> str | None:
    """Return the transaction that a to-device message names, if it names one at all."""
    return _id(content.get("transaction_id"))


def request_of(content: Content) -> str | None:
    """Return the event id of the request that a room's message refers to, if it refers to one."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, dict) or relation.get("rel_type") != "m.reference":
        return None
    return _id(relation.get("event_id"))


def _id(value: Json) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID else None
