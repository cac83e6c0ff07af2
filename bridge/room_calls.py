"""The room calls that a steward makes: the part of `client.session.rooms.RoomRequests` that it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from client.session.events import Content, RoomCreation, StateEvent


class RoomCalls(Protocol):
    """One account's room calls. `RoomRequests` is the real one; see there for each method."""

    async def create_room(self, creation: RoomCreation) -> str:
        """Create a room and return its id."""

    async def put_state(self, room_id: str, type: str, content: Content, state_key: str = "") -> str:
        """Set one piece of state and return the event's id."""

    async def state(self, room_id: str) -> tuple[StateEvent, ...]:
        """Return a room's whole state."""

    async def all_joined_states(self) -> dict[str, tuple[StateEvent, ...]]:
        """Return the state of every joined room, by room id."""

    async def invite(self, room_id: str, user_id: str) -> None:
        """Invite a user."""

    async def join(self, room: str, via: Sequence[str] = ()) -> str:
        """Join a room and return its id."""

    async def resolve_alias(self, alias: str) -> str | None:
        """Return the room id behind an alias, None when there is none."""


RequestsOf = Callable[[str], RoomCalls | None]
"""Gives the calls of an account by its user id; None for one that is not run here."""
