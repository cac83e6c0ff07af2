"""Homeservers that hold rooms, at the seam of `RoomCalls`: they refuse what real ones refuse, and can die.

Federation is instant. Every call counts one step before its first effect and one between effects; a test may
have the caller killed at any step, which leaves what the effects so far have done, as a real server would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from client.session.errors import HomeserverRefused, NotAllowed
from client.session.events import Content, Json, RoomCreation, StateEvent


class Killed(BaseException):
    """The process that called is no more."""


@dataclass
class FakeRoom:
    room_id: str
    state: dict[tuple[str, str], StateEvent] = field(default_factory=dict)

    def content(self, type: str, state_key: str = "") -> dict[str, Json]:
        event = self.state.get((type, state_key))
        return event.content if event else {}

    def membership(self, user_id: str) -> str | None:
        value = self.content("m.room.member", user_id).get("membership")
        return value if isinstance(value, str) else None

    def creators(self) -> set[str]:
        create = self.state["m.room.create", ""]
        others = create.content.get("additional_creators", [])
        assert isinstance(others, list)
        return {create.sender, *(str(other) for other in others)}


@dataclass
class FakeHomeservers:
    """All servers at once. `users` exist; `kill_at` is the step at which the caller dies (None: never)."""

    users: set[str]
    rooms: dict[str, FakeRoom] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    kill_at: int | None = None
    steps: int = 0
    requests: int = 0
    refuse: set[tuple[str, str]] = field(default_factory=set)
    """(user id, method) that the server refuses."""
    slow: set[tuple[str, str]] = field(default_factory=set)
    """(user id, method) that takes far longer than anything else."""
    sync_hides: set[tuple[str, str]] = field(default_factory=set)
    """(room id, user id) whose membership all_joined_states does not tell."""
    most_at_once: dict[str, int] = field(default_factory=dict)
    _now: dict[str, int] = field(default_factory=dict)

    def calls_of(self, user_id: str) -> FakeRoomCalls | None:
        return FakeRoomCalls(self, user_id) if user_id in self.users else None

    def step(self) -> None:
        if self.steps == self.kill_at:
            raise Killed
        self.steps += 1

    def put(self, room: FakeRoom, sender: str, type: str, content: Content, state_key: str = "") -> None:
        event_id = f"$event{sum(len(one.state) for one in self.rooms.values())}"
        room.state[type, state_key] = StateEvent(
            type=type, state_key=state_key, sender=sender, event_id=event_id, content=dict(content)
        )

    def policy_rooms(self) -> dict[str, list[str]]:
        """The ids of the rooms that claim each policy address."""
        found: dict[str, list[str]] = {}
        for room in self.rooms.values():
            address = room.content("org.rogatory.policy").get("address")
            if isinstance(address, str):
                found.setdefault(address, []).append(room.room_id)
        return found


@dataclass
class FakeRoomCalls:
    servers: FakeHomeservers
    user_id: str

    async def create_room(self, creation: RoomCreation) -> str:
        async with _Request(self, "create_room"):
            servers, server = self.servers, self.user_id.partition(":")[2]
            alias = f"#{creation.alias_localpart}:{server}"
            if creation.alias_localpart and alias in servers.aliases:
                raise _refused("M_ROOM_IN_USE", 400)
            listed = creation.power_level_content_override.get("users", {})
            assert isinstance(listed, dict)
            if {self.user_id, *creation.additional_creators} & set(listed):
                raise _refused("M_INVALID_PARAM", 400)
            room = FakeRoom(f"!{len(servers.rooms):03}{server}")
            servers.step()
            if creation.alias_localpart:
                servers.aliases[alias] = room.room_id
            servers.rooms[room.room_id] = room
            create: dict[str, Json] = {
                "room_version": "12",
                "additional_creators": [*creation.additional_creators],
            }
            servers.put(
                room,
                self.user_id,
                "m.room.create",
                {**create, **({"type": "m.space"} if creation.is_space else {})},
            )
            servers.step()
            servers.put(room, self.user_id, "m.room.member", {"membership": "join"}, self.user_id)
            servers.step()
            servers.put(room, self.user_id, "m.room.power_levels", creation.power_level_content_override)
            if creation.alias_localpart:
                servers.put(room, self.user_id, "m.room.canonical_alias", {"alias": alias})
            for state in creation.initial_state:
                servers.put(room, self.user_id, state.type, state.content, state.state_key)
            for user_id in creation.invite:
                servers.step()
                self._invite(room, user_id)
            return room.room_id

    async def put_state(self, room_id: str, type: str, content: Content, state_key: str = "") -> str:
        async with _Request(self, "put_state"):
            room = self._room(room_id)
            if self.user_id not in room.creators():
                raise _refused("M_FORBIDDEN", 403)
            assert not state_key.startswith("room:")
            assert "room:" not in str(content)
            self.servers.put(room, self.user_id, type, content, state_key)
            return room.state[type, state_key].event_id

    async def state(self, room_id: str) -> tuple[StateEvent, ...]:
        async with _Request(self, "state"):
            return tuple(self._room(room_id).state.values())

    async def all_joined_states(self) -> dict[str, tuple[StateEvent, ...]]:
        async with _Request(self, "all_joined_states"):
            return {
                room.room_id: tuple(
                    event
                    for event in room.state.values()
                    if (room.room_id, event.state_key) not in self.servers.sync_hides
                )
                for room in self.servers.rooms.values()
                if room.membership(self.user_id) == "join"
            }

    async def invite(self, room_id: str, user_id: str) -> None:
        async with _Request(self, "invite"):
            self._invite(self._room(room_id), user_id)

    async def join(self, room: str, via: Sequence[str] = ()) -> str:
        async with _Request(self, "join"):
            found = self.servers.rooms[room]
            assert self._server_is_in(found) or via, "a remote room without via"
            if found.membership(self.user_id) != "invite" and not self._may_enter(found):
                raise _refused("M_FORBIDDEN", 403)
            self.servers.put(found, self.user_id, "m.room.member", {"membership": "join"}, self.user_id)
            return room

    async def resolve_alias(self, alias: str) -> str | None:
        async with _Request(self, "resolve_alias"):
            return self.servers.aliases.get(alias)

    def _room(self, room_id: str) -> FakeRoom:
        room = self.servers.rooms[room_id]
        if room.membership(self.user_id) != "join":
            raise _refused("M_FORBIDDEN", 403)
        return room

    def _invite(self, room: FakeRoom, user_id: str) -> None:
        if user_id not in self.servers.users:
            raise _refused("M_UNKNOWN", 502)
        if room.membership(user_id) in ("join", "ban"):
            raise _refused("M_FORBIDDEN", 403)
        self.servers.put(room, self.user_id, "m.room.member", {"membership": "invite"}, user_id)

    def _server_is_in(self, room: FakeRoom) -> bool:
        server = self.user_id.partition(":")[2]
        return any(
            type == "m.room.member" and user.endswith(f":{server}") and room.membership(user) == "join"
            for type, user in room.state
        )

    def _may_enter(self, room: FakeRoom) -> bool:
        allowed = room.content("m.room.join_rules").get("allow", [])
        assert isinstance(allowed, list)
        spaces = [entry["room_id"] for entry in allowed if isinstance(entry, dict)]
        return any(
            self.servers.rooms[space].membership(self.user_id) == "join"
            for space in spaces
            if isinstance(space, str)
        )


class _Request:
    """One request: counted, refused if the test says so, and never done in one breath."""

    def __init__(self, calls: FakeRoomCalls, method: str) -> None:
        self._servers, self._user_id, self._method = calls.servers, calls.user_id, method
        self._server = calls.user_id.partition(":")[2]

    async def __aenter__(self) -> None:
        servers = self._servers
        servers.requests += 1
        running = servers._now[self._server] = servers._now.get(self._server, 0) + 1
        servers.most_at_once[self._server] = max(running, servers.most_at_once.get(self._server, 0))
        try:
            for _ in range(500 if (self._user_id, self._method) in servers.slow else 1):
                await asyncio.sleep(0)
            servers.step()
            if (self._user_id, self._method) in servers.refuse:
                raise _refused("M_FORBIDDEN", 403)
        except BaseException:  # also when cancelled: cleaned up, then raised again
            servers._now[self._server] -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self._servers._now[self._server] -= 1
        if self._servers.steps == self._servers.kill_at:
            raise Killed


def _refused(errcode: str, status: int) -> HomeserverRefused:
    kind = NotAllowed if status == 403 else HomeserverRefused
    return kind("Refused.", why=f"{errcode}.", remedy="None.", status=status, errcode=errcode)
