"""Makes one room of the policy, or finds the one that an earlier attempt has left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

from bridge.observation import is_made_by, memberships, policy_address, state_content
from bridge.room_calls import RoomCalls
from bridge.steward_errors import AliasTaken
from client.session.errors import HomeserverRefused, NotAllowed, NotFound
from client.session.events import InitialState, Json, RoomCreation, StateEvent
from policies.network.actions import CreateRoom
from policies.network.addresses import resolve, resolve_text
from policies.network.desired import DesiredState
from policies.network.plan import same_content

_POLL = 0.25


async def create_or_adopt(
    action: CreateRoom, requests: RoomCalls, room_ids: Mapping[str, str], *, settle: float
) -> str:
    """Return the room id of the room that `action` asks for, made by one request with all its state.

    The request carries the room's alias. So a second one is refused by the server, and the room behind the
    alias is taken instead, when it is that room: completed, if the server was stopped halfway. `room_ids`, by
    address, resolve what the state refers to; `settle` is how many seconds a creation that is still under way
    in the server gets. Raises AliasTaken or a SessionError.
    """
    wanted = [_resolved(state, room_ids) for state in action.state]
    try:
        return await requests.create_room(_creation(action, wanted, action.alias_localpart))
    except HomeserverRefused:
        alias = f"#{action.alias_localpart}:{action.server}"
        room_id = await requests.resolve_alias(alias)
        if room_id is None:
            raise
    state = await _settled(room_id, action.actor, requests, settle)
    if state is None:
        # The server was stopped between the alias and the creator's joining: a room that nobody can enter.
        return await requests.create_room(_creation(action, wanted, None))
    _check_is_ours(action, alias, state)
    await _complete(action, room_id, wanted, state, requests)
    return room_id


def _resolved(state: DesiredState, room_ids: Mapping[str, str]) -> InitialState:
    content = cast("dict[str, Json]", resolve(state.content, room_ids))
    return InitialState(type=state.type, content=content, state_key=resolve_text(state.state_key, room_ids))


def _creation(action: CreateRoom, wanted: Sequence[InitialState], alias: str | None) -> RoomCreation:
    powers = [state.content for state in wanted if state.type == "m.room.power_levels"]
    return RoomCreation(
        is_space=action.is_space,
        alias_localpart=alias,
        additional_creators=action.additional_creators,
        invite=action.invite,
        initial_state=tuple(state for state in wanted if state.type != "m.room.power_levels"),
        power_level_content_override=powers[0] if powers else {},
    )


async def _settled(
    room_id: str, creator: str, requests: RoomCalls, settle: float
) -> tuple[StateEvent, ...] | None:
    """Return a room's state: at once when it is another's or says its address, else as it is after `settle`.

    None when there is no way into the room.
    """
    deadline = asyncio.get_running_loop().time() + settle
    while True:
        state: tuple[StateEvent, ...] | None
        try:
            state = await requests.state(room_id)
        except (NotAllowed, NotFound):
            state = None
        if state is not None and (policy_address(state) or not is_made_by(state, creator)):
            return state
        if asyncio.get_running_loop().time() >= deadline:
            return state
        await asyncio.sleep(_POLL)


def _check_is_ours(action: CreateRoom, alias: str, state: Sequence[StateEvent]) -> None:
    create = state_content(state, "m.room.create") or {}
    owners = create.get("additional_creators", [])
    fits = (
        is_made_by(state, action.actor)
        and policy_address(state) in (action.address, None)
        and (create.get("type") == "m.space") == action.is_space
        and isinstance(owners, list)
        and set(owners) == set(action.additional_creators)
    )
    if not fits:
        raise AliasTaken(
            f"The alias {alias} leads to another room.",
            why=f"That room is not the policy's '{action.address}', or has other owners.",
            remedy="Remove the alias on that server, then try again.",
        )


async def _complete(
    action: CreateRoom,
    room_id: str,
    wanted: Sequence[InitialState],
    state: Sequence[StateEvent],
    requests: RoomCalls,
) -> None:
    there = {(event.type, event.state_key): event.content for event in state}
    for one in wanted:
        before = there.get((one.type, one.state_key))
        if before is None or not same_content(one.type, before, one.content):
            await requests.put_state(room_id, one.type, one.content, one.state_key)
    present = memberships(state)
    for user_id in action.invite:
        if user_id not in present:
            await requests.invite(room_id, user_id)
