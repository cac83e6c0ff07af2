"""The arrangement of rooms: spaces, filters, orders."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from client.session.events import Membership, RoomSummary
from client.views.room_filters import all_of, any_of, everything, invited, joined, named, negate, talk, unread
from client.views.room_list import RoomNode, arrange
from client.views.room_places import matches, room_places
from client.views.room_sorters import by_activity, by_name, unread_first


def room(
    room_id: str,
    name: str = "",
    *,
    children: Sequence[str] | None = None,
    membership: Membership = Membership.JOIN,
    unread: int = 0,
    activity: int = 0,
) -> RoomSummary:
    return RoomSummary(
        room_id=room_id,
        name=name or room_id,
        topic=None,
        membership=membership,
        encrypted=True,
        is_space=children is not None,
        unread=unread,
        last_activity=activity,
        children=tuple(children or ()),
    )


def ids(nodes: Sequence[RoomNode]) -> list[object]:
    """Return room ids nested as the nodes are."""
    return [[node.room_id, *ids(node.children)] if node.is_space else node.room_id for node in nodes]


def test_spaces_hold_their_rooms_and_the_rest_stands_outside() -> None:
    """Rooms come before spaces within a space, both by name; what no space lists is `other`."""
    sections = arrange(
        [
            room("net", children=["africa", "general"]),
            room("africa", children=["lobby", "assets", "unknown"]),
            room("lobby"),
            room("assets"),
            room("general"),
            room("request"),
            room("new", membership=Membership.INVITE),
        ]
    )
    assert ids(sections.spaces) == [["net", "general", ["africa", "assets", "lobby"]]]
    assert ids(sections.other) == ["request"]
    assert ids(sections.invitations) == ["new"]


def test_a_space_counts_what_is_unread_below_it() -> None:
    """Counts add up through every level."""
    rooms = [
        room("net", children=["africa"], unread=1),
        room("africa", children=["lobby"]),
        room("lobby", unread=4),
    ]
    (net,) = arrange(rooms).spaces
    assert (net.unread, net.children[0].unread) == (5, 4)


def test_a_filter_keeps_the_spaces_above_what_it_accepts() -> None:
    """A room that matches is found where it stands; spaces with nothing in them go."""
    rooms = [
        room("net", children=["africa", "weog"]),
        room("africa", children=["lobby", "assets"]),
        room("weog", children=["hall"]),
        room("lobby"),
        room("assets", unread=2),
        room("hall"),
    ]
    sections = arrange(rooms, accepts=all_of(talk, unread))
    assert ids(sections.spaces) == [["net", ["africa", "assets"]]]


@given(st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 9), max_size=6)), min_size=1, max_size=10))
def test_every_room_stands_in_exactly_one_place(shape: list[tuple[bool, list[int]]]) -> None:
    """Whatever spaces list, themselves and each other in circles included, no room is lost or doubled."""
    rooms = [
        room(str(number), children=[str(child) for child in children] if is_space else None)
        for number, (is_space, children) in enumerate(shape)
    ]

    def flat(nodes: Sequence[RoomNode]) -> list[str]:
        return [each for node in nodes for each in (node.room_id, *flat(node.children))]

    assert sorted(flat(list(arrange(rooms)))) == sorted(each.room_id for each in rooms)


def test_filters_are_one_idea_each_and_combine() -> None:
    """Each filter accepts what it names, alone and together."""
    here = room("a", "Assets and Funds", unread=1)
    there = room("b", "Lobby", membership=Membership.INVITE)
    space = room("c", "Space", children=[])
    rooms = [here, there, space]

    def accepted(accepts: object) -> list[str]:
        assert callable(accepts)
        return [each.room_id for each in rooms if accepts(each)]

    assert accepted(everything) == ["a", "b", "c"]
    assert accepted(joined) == ["a", "c"]
    assert accepted(invited) == ["b"]
    assert accepted(unread) == ["a"]
    assert accepted(talk) == ["a", "b"]
    assert accepted(named("FUNDS ass")) == ["a"]
    assert accepted(any_of(unread, invited)) == ["a", "b"]
    assert accepted(all_of(joined, negate(unread))) == ["c"]


def test_orders() -> None:
    """By name, by activity, and what is unread before the rest."""
    rooms = [room("1", "b", activity=5), room("2", "A", activity=9), room("3", "c", activity=1, unread=1)]

    def order(key: object) -> list[str]:
        assert callable(key)
        return [each.room_id for each in sorted(rooms, key=key)]

    assert order(by_name) == ["2", "1", "3"]
    assert order(by_activity) == ["2", "1", "3"]
    assert order(unread_first(by_name)) == ["3", "2", "1"]


def test_rooms_of_one_name_are_told_apart_by_their_space() -> None:
    """A place is the space's name, and words find a room by it."""
    rooms = [
        room("africa", "African Group", children=["1"]),
        room("weog", "WEOG", children=["2"]),
        room("1", "Lobby"),
        room("2", "Lobby"),
    ]
    places = room_places(rooms)
    assert places == {"1": "African Group", "2": "WEOG"}
    assert matches(rooms[2], places["1"], "lobby AFRI")
    assert not matches(rooms[3], places["2"], "lobby AFRI")
