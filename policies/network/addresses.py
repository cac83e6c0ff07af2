"""Policy addresses: the lasting names of rooms, as `africa/assets`, that stand in until a room id is known.

A room id of version 12 is the hash of the room's first event, so no state that names another room can be
written down beforehand. Until then such a place holds a reference: `room:` and the address. A room id begins
with `!`, so neither is ever taken for the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_REFERENCE = "room:"

Content = Mapping[str, object]
"""The content of a state event: JSON values."""


def reference(address: str) -> str:
    """Return what stands in for the room id of the room at `address`."""
    return f"{_REFERENCE}{address}"


def references(value: object) -> Iterator[str]:
    """Yield the addresses that a JSON value refers to, at any depth."""
    if isinstance(value, str):
        if value.startswith(_REFERENCE):
            yield value.removeprefix(_REFERENCE)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def resolve_text(text: str, room_ids: Mapping[str, str]) -> str:
    """Return the room id for a reference that `room_ids` (by address) knows; any other text as it is."""
    return room_ids.get(text.removeprefix(_REFERENCE), text) if text.startswith(_REFERENCE) else text


def resolve(content: Content, room_ids: Mapping[str, str]) -> dict[str, object]:
    """Return a content with its references replaced by room ids, where `room_ids` (by address) knows them."""
    return {key: _resolve_value(value, room_ids) for key, value in content.items()}


def _resolve_value(value: object, room_ids: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return resolve_text(value, room_ids)
    if isinstance(value, Mapping):
        return resolve(value, room_ids)
    if isinstance(value, list | tuple):
        return [_resolve_value(item, room_ids) for item in value]
    return value
