"""In which order a list shows rooms: each sorter is a key for `sorted`, smallest first."""

from __future__ import annotations

from collections.abc import Callable

from client.session.events import RoomSummary

SortKey = tuple[int, int, str, str]
"""Group, rank, name, room id: the first that differs decides."""

RoomSorter = Callable[[RoomSummary], SortKey]


def by_name(room: RoomSummary) -> SortKey:
    """Order by name, in any case; the room id decides between rooms of one name."""
    return (0, 0, room.name.casefold(), room.room_id)


def by_activity(room: RoomSummary) -> SortKey:
    """Order by the latest activity, newest first."""
    return (0, -room.last_activity, room.name.casefold(), room.room_id)


def unread_first(order: RoomSorter) -> RoomSorter:
    """Put rooms with unread messages before the others, and order both by `order`."""

    def key(room: RoomSummary) -> SortKey:
        _, rank, name, room_id = order(room)
        return (0 if room.unread > 0 else 1, rank, name, room_id)

    return key
