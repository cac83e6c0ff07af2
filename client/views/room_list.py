"""The list of rooms as a tree: spaces, the rooms in them, and what stands outside every space."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from client.session.events import RoomSummary
from client.views.room_filters import RoomFilter, everything, invited
from client.views.room_sorters import RoomSorter, by_activity, by_name
from client.views.safe_text import single_line


@dataclass(frozen=True)
class RoomNode:
    """One room or space in the tree. `unread` of a space counts everything below it."""

    room_id: str
    label: str
    unread: int
    is_space: bool
    children: tuple[RoomNode, ...] = ()


@dataclass(frozen=True)
class RoomSections:
    """The list's parts, from top to bottom. `other` are rooms outside every space: requests, mostly."""

    invitations: tuple[RoomNode, ...]
    other: tuple[RoomNode, ...]
    spaces: tuple[RoomNode, ...]

    def __iter__(self) -> Iterator[RoomNode]:
        """Yield the topmost nodes in the order in which they are shown."""
        yield from self.invitations
        yield from self.other
        yield from self.spaces


def arrange(
    rooms: Sequence[RoomSummary], *, accepts: RoomFilter = everything, order: RoomSorter = by_name
) -> RoomSections:
    """Arrange rooms into their spaces.

    A space is kept if it or something below it passes the filter. Each room stands in one place, the first
    space that lists it: who may write a space's state decides neither how long the list is nor that it ends.
    """
    inviting = [room for room in rooms if invited(room) and accepts(room)]
    present = {room.room_id: room for room in rooms if not invited(room)}
    listed = {child for room in present.values() if room.is_space for child in room.children}
    placed: set[str] = set()
    roots = [room for room in present.values() if room.is_space and room.room_id not in listed]
    spaces = _branch(roots, present, placed, accepts, order)
    # Spaces that list each other in a circle have no root: each is shown from where it is met first.
    circles = [room for room in present.values() if room.is_space and room.room_id not in placed]
    spaces += _branch(circles, present, placed, accepts, order)
    outside = [room for room in present.values() if not room.is_space and room.room_id not in placed]
    return RoomSections(
        invitations=tuple(_leaf(room) for room in sorted(inviting, key=by_activity)),
        other=tuple(_leaf(room) for room in sorted(outside, key=by_activity) if accepts(room)),
        spaces=spaces,
    )


def _branch(
    rooms: Iterable[RoomSummary],
    present: Mapping[str, RoomSummary],
    placed: set[str],
    accepts: RoomFilter,
    order: RoomSorter,
) -> tuple[RoomNode, ...]:
    """Place rooms and what is below them, and return the nodes that the filter leaves."""
    nodes = []
    for room in sorted(rooms, key=order):
        if room.room_id in placed:
            continue
        placed.add(room.room_id)
        if not room.is_space:
            if accepts(room):
                nodes.append(_leaf(room))
            continue
        below = [present[child] for child in room.children if child in present]
        talk = _branch([child for child in below if not child.is_space], present, placed, accepts, order)
        spaces = _branch([child for child in below if child.is_space], present, placed, accepts, order)
        children = talk + spaces
        if children or accepts(room):
            nodes.append(_space(room, children))
    return tuple(nodes)


def _leaf(room: RoomSummary) -> RoomNode:
    return RoomNode(room.room_id, single_line(room.name), max(0, room.unread), room.is_space)


def _space(room: RoomSummary, children: tuple[RoomNode, ...]) -> RoomNode:
    unread = max(0, room.unread) + sum(child.unread for child in children)
    return RoomNode(room.room_id, single_line(room.name), unread, True, children)
