"""What a plan starts from: what is there, which servers answer, and what has been planned so far."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from policies.network.actions import Action, create_key, join_key
from policies.network.addresses import references, resolve, resolve_text
from policies.network.desired import DesiredRoom, DesiredState
from policies.network.observed import Observed, ObservedRoom


class Situation:
    """The state of one planning.

    `rooms` are the desired rooms that can be dealt with: their server is up, and they are there or can be
    made. `planned` are the actions so far, by key.
    """

    def __init__(
        self, desired: Sequence[DesiredRoom], observed: Observed, up: Collection[str] | None
    ) -> None:
        self.planned: dict[str, Action] = {}
        self.rooms: list[DesiredRoom] = []
        self._observed = observed
        self._up = up
        self._there = set(observed)
        for room in desired:
            makeable = all(self.is_speakable(state) for state in room.state)
            if self.is_up(room.server) and (room.address in observed or makeable):
                self.rooms.append(room)
                self._there.add(room.address)
        self._room_ids = {address: room.room_id for address, room in observed.items()}

    def observed(self, room: DesiredRoom) -> ObservedRoom | None:
        """Return the room as it is, None when it is yet to be made."""
        return self._observed.get(room.address)

    def is_up(self, server: str) -> bool:
        """Tell whether a server answers."""
        return self._up is None or server in self._up

    def is_speakable(self, state: DesiredState) -> bool:
        """Tell whether all rooms that a state refers to are there or will be made."""
        return all(address in self._there for address in references([state.state_key, state.content]))

    def is_inside(self, address: str, user_id: str) -> bool:
        """Tell whether a user is in a room, or will be by what is planned so far."""
        room = self._observed.get(address)
        joined = room is not None and room.members.get(user_id) == "join"
        return joined or join_key(address, user_id) in self.planned

    def planned_in(self, room: DesiredRoom) -> tuple[str, ...]:
        """Return the keys of what is planned so far in a room."""
        return tuple(key for key, action in self.planned.items() if action.address == room.address)

    def resolved(self, state: DesiredState) -> DesiredState:
        """Return a state with the ids of the rooms that are there; rooms to be made stay references."""
        return DesiredState(
            type=state.type,
            state_key=resolve_text(state.state_key, self._room_ids),
            content=resolve(state.content, self._room_ids),
        )

    def needs(self, *keys: str, states: Iterable[DesiredState] = ()) -> tuple[str, ...]:
        """Return those of `keys`, and of the creations that `states` wait for, that are planned."""
        waited = [
            create_key(address)
            for state in states
            for address in references([state.state_key, state.content])
        ]
        return tuple(key for key in dict.fromkeys([*keys, *waited]) if key in self.planned)
