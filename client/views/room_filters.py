"""Which rooms a list shows: each filter is one idea, and filters combine."""

from __future__ import annotations

from collections.abc import Callable

from client.session.events import Membership, RoomSummary

RoomFilter = Callable[[RoomSummary], bool]


def everything(room: RoomSummary) -> bool:
    """Accept every room."""
    del room
    return True


def joined(room: RoomSummary) -> bool:
    """Accept what the account is in."""
    return room.membership is Membership.JOIN


def invited(room: RoomSummary) -> bool:
    """Accept what the account has been invited to and has not answered."""
    return room.membership is Membership.INVITE


def unread(room: RoomSummary) -> bool:
    """Accept what has unread messages."""
    return room.unread > 0


def talk(room: RoomSummary) -> bool:
    """Accept rooms where people write, not the spaces that hold them."""
    return not room.is_space


def named(words: str) -> RoomFilter:
    """Accept rooms whose name or alias holds each of the words, in any case and order."""
    wanted = words.casefold().split()

    def holds_each(room: RoomSummary) -> bool:
        text = f"{room.name} {room.canonical_alias or ''}".casefold()
        return all(word in text for word in wanted)

    return holds_each


def all_of(*filters: RoomFilter) -> RoomFilter:
    """Accept what each of the filters accepts."""
    return lambda room: all(accepts(room) for accepts in filters)


def any_of(*filters: RoomFilter) -> RoomFilter:
    """Accept what at least one of the filters accepts."""
    return lambda room: any(accepts(room) for accepts in filters)


def negate(accepts: RoomFilter) -> RoomFilter:
    """Accept what the filter does not."""
    return lambda room: not accepts(room)
