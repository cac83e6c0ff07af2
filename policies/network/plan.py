"""The difference between what the network's rooms should be and what they are, as actions in order.

Pure and deterministic. Applying all actions and planning again gives nothing. What is left alone: state that
the policy does not speak of, members beyond the roster, and whoever left or was banned (owners excepted).
The order is one in which nothing needs a later action: creations, then state and invitations, then who is on
the room's own server, then the owners from elsewhere one by one, then everyone else; spaces before the rooms
in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence

from policies.network.actions import Action, CreateRoom, PutState, create_key
from policies.network.addresses import Content
from policies.network.desired import DesiredRoom, DesiredState
from policies.network.observed import Observed, ObservedRoom
from policies.network.plan_members import (
    entries_at_home,
    entries_from_elsewhere,
    entries_of_owners,
    invitations,
    invited_at_creation,
)
from policies.network.situation import Situation
from policies.user_id import server_of

_UNORDERED = {"m.room.server_acl": ("allow", "deny")}
"""Lists whose order means nothing."""


def plan(
    desired: Sequence[DesiredRoom], observed: Observed, *, up: Collection[str] | None = None
) -> tuple[Action, ...]:
    """Return what is to be done so that `observed` becomes `desired`, nothing when it is so already.

    `desired` has spaces before the rooms in them, as `desired_rooms` gives them. `up` are the names of the
    servers that answer (None: all); what needs another one is left for a later plan, as the invitation of a
    user whose server is down would leave a room half made.
    """
    situation = Situation(desired, observed, up)
    for stage in _STAGES:
        for room in situation.rooms:
            for action in stage(room, situation):
                situation.planned[action.key] = action
    return tuple(situation.planned.values())


def _creation(room: DesiredRoom, situation: Situation) -> Iterator[CreateRoom]:
    if situation.observed(room) is not None:
        return
    yield CreateRoom(
        address=room.address,
        room_id=None,
        actor=room.creator,
        server=room.server,
        why=f"The policy has the {'space' if room.is_space else 'room'} '{room.name}', and it is not there.",
        needs=situation.needs(states=room.state),
        alias_localpart=room.alias_localpart,
        is_space=room.is_space,
        additional_creators=room.additional_creators,
        state=tuple(situation.resolved(state) for state in room.state),
        invite=invited_at_creation(room, situation),
    )


def _changes(room: DesiredRoom, situation: Situation) -> Iterator[PutState]:
    current = situation.observed(room)
    given = () if current is None else room.state  # a new room is created with all of it
    for wanted in (*given, *room.children):
        if not situation.is_speakable(wanted):
            continue
        state = situation.resolved(wanted)
        before = None if current is None else current.state.get((state.type, state.state_key))
        if before is not None and same_content(state.type, before, state.content):
            continue
        actor = _writer(wanted, current) or room.creator
        yield PutState(
            address=room.address,
            room_id=None if current is None else current.room_id,
            actor=actor,
            server=server_of(actor),
            why=f"{state.type} is {'not there' if before is None else 'not what the policy says'}.",
            needs=situation.needs(create_key(room.address), states=(state,)),
            type=state.type,
            state_key=state.state_key,
            before=before,
            content=state.content,
        )


def _writer(wanted: DesiredState, current: ObservedRoom | None) -> str | None:
    """Return who else than the creator changes a piece of state, if it is somebody who is in the room."""
    there = current is not None and wanted.writer is not None and current.members.get(wanted.writer) == "join"
    return wanted.writer if there else None


_STAGES: tuple[Callable[[DesiredRoom, Situation], Iterator[Action]], ...] = (
    _creation,
    _changes,
    invitations,
    entries_at_home,
    entries_of_owners,
    entries_from_elsewhere,
)


def same_content(type: str, before: Content, wanted: Content) -> bool:
    """Tell whether two contents of a state event mean the same.

    The whole content counts: a member that the policy does not have is a difference, and so is 0 for false.
    """
    return _canonical(type, before) == _canonical(type, wanted)


def _canonical(type: str, content: Content) -> str:
    content = dict(content)
    for member in _UNORDERED.get(type, ()):
        value = content.get(member)
        if isinstance(value, list | tuple):
            content[member] = sorted(value, key=json.dumps)
    return json.dumps(content, sort_keys=True)
