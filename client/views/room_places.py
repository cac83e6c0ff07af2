"""Where a room stands: rooms of one name in several spaces are told apart by the space."""

from __future__ import annotations

from collections.abc import Sequence

from client.session.events import RoomSummary
from client.views.safe_text import single_line


def room_places(rooms: Sequence[RoomSummary]) -> dict[str, str]:
    """Return the name of the space that each room or space is in, for those that are in one."""
    places: dict[str, str] = {}
    for space in rooms:
        if space.is_space:
            for child in space.children:
                places.setdefault(child, single_line(space.name))
    return places


def matches(room: RoomSummary, place: str, words: str) -> bool:
    """Say whether each of the words is in the room's name, alias or place, in any case and order."""
    text = f"{room.name} {room.canonical_alias or ''} {place}".casefold()
    return all(word in text for word in words.casefold().split())
