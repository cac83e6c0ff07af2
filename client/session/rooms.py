"""Room calls: what a steward and the Court's bot ask of their homeserver, one request each."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from client.session.errors import NotFound
from client.session.events import Content, Json, Membership, RoomCreation, RoomMember, StateEvent
from client.session.power_levels import creators, power_level
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer, read_state

_ROOM_VERSION = "12"
_MEMBERSHIPS = frozenset(Membership)
_Answer = TypeVar("_Answer")


class _RoomId(msgspec.Struct):
    room_id: str


class _EventId(msgspec.Struct):
    event_id: str


class _JoinedRooms(msgspec.Struct):
    joined_rooms: list[str]


class _Events(msgspec.Struct):
    events: list[msgspec.Raw] = []


class _JoinedRoom(msgspec.Struct):
    state: _Events = msgspec.field(default_factory=_Events)
    timeline: _Events = msgspec.field(default_factory=_Events)


class _Rooms(msgspec.Struct):
    join: dict[str, _JoinedRoom] = {}


class _Sync(msgspec.Struct):
    rooms: _Rooms = msgspec.field(default_factory=_Rooms)


class RoomRequests:
    """The room calls of one account, over its `transport`. Every call raises what the transport raises."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create_room(self, creation: RoomCreation) -> str:
        """Create a room or space of version 12 and return its room id (POST /createRoom)."""
        creation_content: dict[str, Json] = {}
        if creation.is_space:
            creation_content["type"] = "m.space"
        if creation.additional_creators:
            creation_content["additional_creators"] = list(creation.additional_creators)
        body: dict[str, Json] = {
            "room_version": _ROOM_VERSION,
            "preset": "private_chat",
            "visibility": "private",
            "creation_content": creation_content,
            "initial_state": [
                {"type": state.type, "state_key": state.state_key, "content": state.content}
                for state in creation.initial_state
            ],
            "invite": list(creation.invite),
        }
        if creation.name is not None:
            body["name"] = creation.name
        if creation.topic is not None:
            body["topic"] = creation.topic
        if creation.alias_localpart is not None:
            body["room_alias_name"] = creation.alias_localpart
        if creation.power_level_content_override:
            body["power_level_content_override"] = creation.power_level_content_override
        return (await self._post("/createRoom", body, _RoomId, timeout=120)).room_id

    async def put_state(self, room_id: str, type: str, content: Content, state_key: str = "") -> str:
        """Set one piece of a room's state and return the event's id."""
        path = f"{CLIENT}/rooms/{part(room_id)}/state/{part(type)}/{part(state_key)}"
        answer = await self._transport.request("PUT", path, body=content)
        return read_answer(answer, _EventId).event_id

    async def state(self, room_id: str) -> tuple[StateEvent, ...]:
        """Return the whole current state of a room that the account is in."""
        answer = await self._transport.request("GET", f"{CLIENT}/rooms/{part(room_id)}/state", timeout=60)
        return tuple(read_state(read_answer(answer, list[msgspec.Raw])))

    async def all_joined_states(self) -> dict[str, tuple[StateEvent, ...]]:
        """Return the current state of every joined room, by room id, in one request.

        A /sync without a token, which Synapse caches for some minutes by its parameters: a random word in the
        filter makes each call a fresh one.
        """
        nothing: dict[str, Json] = {"not_types": ["*"]}
        sync_filter: dict[str, Json] = {
            "presence": nothing,
            "account_data": {"not_types": ["*", f"org.rogatory.{secrets.token_hex(6)}"]},
            "room": {
                "include_leave": False,
                "ephemeral": nothing,
                "account_data": nothing,
                "timeline": {"limit": 1},
                "state": {"lazy_load_members": False},
            },
        }
        query = {
            "filter": msgspec.json.encode(sync_filter).decode(),
            "timeout": "0",
            "set_presence": "offline",
        }
        answer = await self._transport.request("GET", f"{CLIENT}/sync", query=query, timeout=120)
        states = {}
        for room_id, room in read_answer(answer, _Sync).rooms.join.items():
            current: dict[tuple[str, str], StateEvent] = {}
            for event in [*read_state(room.state.events), *read_state(room.timeline.events)]:
                current[event.type, event.state_key] = event
            states[room_id] = tuple(current.values())
        return states

    async def invite(self, room_id: str, user_id: str) -> None:
        """Invite a user to a room."""
        await self._post(f"/rooms/{part(room_id)}/invite", {"user_id": user_id}, msgspec.Raw, timeout=60)

    async def kick(self, room_id: str, user_id: str, reason: str = "") -> None:
        """Remove a user from a room, or withdraw an invitation."""
        body: dict[str, Json] = {"user_id": user_id, "reason": reason}
        await self._post(f"/rooms/{part(room_id)}/kick", body, msgspec.Raw)

    async def join(self, room: str, via: Sequence[str] = ()) -> str:
        """Join a room by id or alias through the servers in `via`, and return its room id."""
        query = f"?{urlencode([('via', server) for server in via])}" if via else ""
        return (await self._post(f"/join/{part(room)}{query}", {}, _RoomId, timeout=120)).room_id

    async def leave(self, room_id: str) -> None:
        """Leave a room, or reject its invitation."""
        await self._post(f"/rooms/{part(room_id)}/leave", {}, msgspec.Raw)

    async def joined_rooms(self) -> frozenset[str]:
        """Return the ids of the rooms that the account is in."""
        answer = await self._transport.request("GET", f"{CLIENT}/joined_rooms")
        return frozenset(read_answer(answer, _JoinedRooms).joined_rooms)

    async def resolve_alias(self, alias: str) -> str | None:
        """Return the room id behind `#alias:server`, or None when there is none."""
        try:
            answer = await self._transport.request("GET", f"{CLIENT}/directory/room/{part(alias)}")
        except NotFound:
            return None
        return read_answer(answer, _RoomId).room_id

    async def members(self, room_id: str) -> tuple[RoomMember, ...]:
        """Return everyone with a membership in a room, with their power."""
        return room_members(await self.state(room_id))

    async def _post(
        self, path: str, body: dict[str, Json], answer: type[_Answer], *, timeout: float = 30.0
    ) -> _Answer:
        return read_answer(
            await self._transport.request("POST", f"{CLIENT}{path}", body=body, timeout=timeout), answer
        )


def room_members(state: Sequence[StateEvent]) -> tuple[RoomMember, ...]:
    """Return the members that a room's whole `state` tells of, sorted by user id."""
    by_key = {(event.type, event.state_key): event for event in state}
    create = by_key.get(("m.room.create", ""))
    owners = creators(create.sender, create.content) if create else frozenset()
    powers = by_key.get(("m.room.power_levels", ""))
    members = []
    for event in state:
        membership = event.content.get("membership")
        if event.type != "m.room.member" or not isinstance(membership, str) or membership not in _MEMBERSHIPS:
            continue
        name = event.content.get("displayname")
        members.append(
            RoomMember(
                user_id=event.state_key,
                display_name=name if isinstance(name, str) else None,
                membership=Membership(str(membership)),
                power_level=power_level(event.state_key, powers.content if powers else None, owners),
            )
        )
    return tuple(sorted(members, key=lambda member: member.user_id))
