"""A tiny, pure model of homeservers with rooms: what a plan's actions do, and what they need."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.network.actions import Action, CreateRoom, Invite, Join, PutState, Witness
from policies.network.addresses import Content, references, resolve, resolve_text
from policies.network.observed import Observed, ObservedRoom


@dataclass
class ModelRoom:
    room_id: str
    creators: frozenset[str]
    state: dict[tuple[str, str], Content]
    members: dict[str, str]


@dataclass
class RoomModel:
    """Rooms by policy address. `apply` refuses, by assertion, what a homeserver would refuse."""

    rooms: dict[str, ModelRoom] = field(default_factory=dict)

    def room_ids(self) -> dict[str, str]:
        return {address: room.room_id for address, room in self.rooms.items()}

    def observed(self) -> Observed:
        return {
            address: ObservedRoom(
                address=address, room_id=room.room_id, state=dict(room.state), members=dict(room.members)
            )
            for address, room in self.rooms.items()
        }

    def apply(self, action: Action) -> None:
        if isinstance(action, CreateRoom):
            self._create(action)
            return
        room = self.rooms[action.address]
        assert action.room_id in (None, room.room_id)
        if isinstance(action, PutState):
            assert action.actor in room.creators
            content = resolve(action.content, self.room_ids())
            state_key = resolve_text(action.state_key, self.room_ids())
            assert not list(references([state_key, content])), "a reference to a room that is not there"
            room.state[action.type, state_key] = content
        elif isinstance(action, Witness):
            assert room.members[action.actor] == "join"
        elif isinstance(action, Invite):
            assert room.members.get(action.actor) == "join", f"{action.actor} invites from outside"
            assert room.members.get(action.user_id) not in ("join", "invite", "ban")
            room.members[action.user_id] = "invite"
        else:
            assert self._may_join(room, action), f"{action.actor} may not join {action.address}"
            room.members[action.actor] = "join"

    def _create(self, action: CreateRoom) -> None:
        assert action.address not in self.rooms, f"{action.address} made twice"
        state: dict[tuple[str, str], Content] = {}
        for wanted in action.state:
            content = resolve(wanted.content, self.room_ids())
            state_key = resolve_text(wanted.state_key, self.room_ids())
            assert not list(references([state_key, content])), "a reference to a room that is not there"
            state[wanted.type, state_key] = content
        self.rooms[action.address] = ModelRoom(
            room_id=f"!{len(self.rooms)}",
            creators=frozenset({action.actor, *action.additional_creators}),
            state=state,
            members={action.actor: "join", **dict.fromkeys(action.invite, "invite")},
        )

    def _may_join(self, room: ModelRoom, action: Join) -> bool:
        if room.members.get(action.actor) in ("invite", "join"):
            return True
        allowed = room.state["m.room.join_rules", ""].get("allow", [])
        assert isinstance(allowed, list)
        spaces = {entry["room_id"] for entry in allowed}
        return any(
            other.room_id in spaces and other.members.get(action.actor) == "join"
            for other in self.rooms.values()
        )
