"""Reads what is there: which rooms are the policy's, in which state, with whom in them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bridge.room_calls import RoomCalls
from bridge.steward_errors import RoomsUnreadable
from client.session.errors import SessionError
from client.session.events import StateEvent
from policies.network.desired import POLICY_STATE, DesiredRoom
from policies.network.observed import ObservedRoom

ROOM_VERSION = "12"
_BEST_FIRST = ("join", "ban", "invite", "knock", "leave")


async def observe(
    desired: Sequence[DesiredRoom], accounts: Mapping[str, RoomCalls]
) -> dict[str, ObservedRoom]:
    """Return the policy's rooms that are there, by address, as the `accounts` (by user id) see them.

    Each account costs one request. Give the stewards whose servers are up: a room is seen by its creator, and
    a region's steward knows first who of that region has joined. A room counts as the policy's when it says
    so in its state and its creator is the one whom the policy names: anyone may claim an address.
    Raises RoomsUnreadable when an account cannot be asked, for what is not seen might be made twice.
    """
    views = await _views(accounts)
    rooms = {room.address: room for room in desired}
    found: dict[str, ObservedRoom] = {}
    for user_id, states in views.items():
        for room_id, state in sorted(states.items()):
            room = rooms.get(policy_address(state) or "")
            if room is None or not is_made_by(state, room.creator):
                continue
            seen = _observed(room.address, room_id, state)
            found[room.address] = _merged(
                found.get(room.address), seen, room, from_creator=user_id == room.creator
            )
    return found


async def observe_again(
    observed: Mapping[str, ObservedRoom], desired: Sequence[DesiredRoom], accounts: Mapping[str, RoomCalls]
) -> dict[str, ObservedRoom]:
    """Return the `observed` rooms of `desired` read anew, one by one and exactly, by those who are in them.

    What /sync tells of a room is its state before the latest event. Where servers acted at once and nothing
    has happened since, that is one side of the story: somebody may seem to be missing who is there.
    """
    again: dict[str, ObservedRoom] = {}
    for room in desired:
        known = observed.get(room.address)
        if known is None:
            continue
        for user_id, requests in accounts.items():
            if known.members.get(user_id) != "join":
                continue
            try:
                state = await requests.state(known.room_id)
            except SessionError as error:
                raise _unreadable(user_id, error) from error
            seen = _observed(room.address, known.room_id, state)
            again[room.address] = _merged(
                again.get(room.address), seen, room, from_creator=user_id == room.creator
            )
    return {**observed, **again}


async def _views(accounts: Mapping[str, RoomCalls]) -> dict[str, dict[str, tuple[StateEvent, ...]]]:
    views: dict[str, dict[str, tuple[StateEvent, ...]]] = {}
    failed: dict[str, SessionError] = {}

    async def view(user_id: str, requests: RoomCalls) -> None:
        try:
            views[user_id] = await requests.all_joined_states()
        except SessionError as error:
            failed[user_id] = error

    async with asyncio.TaskGroup() as group:
        for user_id, requests in accounts.items():
            group.create_task(view(user_id, requests))
    for user_id, error in failed.items():
        raise _unreadable(user_id, error) from error
    return {user_id: views[user_id] for user_id in accounts}


def _unreadable(user_id: str, error: SessionError) -> RoomsUnreadable:
    return RoomsUnreadable(
        f"The rooms of {user_id} cannot be read.",
        why=f"{error.what} {error.why}",
        remedy="Check that its homeserver is running, then try again.",
    )


def state_content(state: Sequence[StateEvent], type: str) -> Mapping[str, object] | None:
    """Return the content of a state event with an empty key, None when it is not there."""
    return next((event.content for event in state if (event.type, event.state_key) == (type, "")), None)


def policy_address(state: Sequence[StateEvent]) -> str | None:
    """Return the policy address that a room claims, None when it claims none."""
    address = (state_content(state, POLICY_STATE) or {}).get("address")
    return address if isinstance(address, str) else None


def is_made_by(state: Sequence[StateEvent], creator: str) -> bool:
    """Tell whether a room of the policy's version was made by `creator`.

    The sender of m.room.create is certain: a room's id is the hash of that event, and the sender's server
    has signed it (room version 12).
    """
    create = next((event for event in state if event.type == "m.room.create"), None)
    return (
        create is not None and create.sender == creator and create.content.get("room_version") == ROOM_VERSION
    )


def memberships(state: Sequence[StateEvent]) -> dict[str, str]:
    """Return the membership by user id."""
    return {
        event.state_key: str(event.content.get("membership"))
        for event in state
        if event.type == "m.room.member"
    }


def _observed(address: str, room_id: str, state: Sequence[StateEvent]) -> ObservedRoom:
    contents = {
        (event.type, event.state_key): event.content for event in state if event.type != "m.room.member"
    }
    return ObservedRoom(address=address, room_id=room_id, state=contents, members=memberships(state))


def _merged(
    known: ObservedRoom | None, seen: ObservedRoom, room: DesiredRoom, *, from_creator: bool
) -> ObservedRoom:
    """Return one view of a room out of two: the creator's state, and the memberships that are furthest on.

    A membership reaches other servers a moment later than one's own. Of two rooms that the creator made for
    one address (a creation whose alias was lost) the one with the policy's alias counts, else the lesser id.
    """
    if known is None:
        return seen
    if known.room_id != seen.room_id:
        return min(known, seen, key=lambda one: (not _has_alias(one, room), one.room_id))
    members = dict(known.members)
    for user_id, membership in seen.members.items():
        members[user_id] = min(membership, members.get(user_id, membership), key=_rank)
    basis = seen if from_creator else known
    return ObservedRoom(address=room.address, room_id=known.room_id, state=basis.state, members=members)


def _has_alias(one: ObservedRoom, room: DesiredRoom) -> bool:
    alias = one.state.get(("m.room.canonical_alias", ""), {}).get("alias")
    return alias == f"#{room.alias_localpart}:{room.server}"


def _rank(membership: str) -> int:
    return _BEST_FIRST.index(membership) if membership in _BEST_FIRST else len(_BEST_FIRST)
