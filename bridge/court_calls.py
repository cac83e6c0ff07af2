"""What the Court's bot asks of its session and of its room calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from client.session.events import (
    Content,
    QueuedMessage,
    RoomCreation,
    RoomMember,
    SentEvent,
    StateEvent,
    TimelineEvent,
    Update,
)
from policies.trust.attestation import Attestation


class CourtSession(Protocol):
    """The organ's session, as `OpenSession`; see `client.session.face.Session` for each method."""

    @property
    def user_id(self) -> str:
        """The account's full user id."""

    async def attestations(self) -> Sequence[Attestation]:
        """Return every attestation that holds."""

    async def readers(self, room_id: str) -> frozenset[str]:
        """Return the other members who have a device that would get a room key now."""

    async def members(self, room_id: str) -> Sequence[RoomMember]:
        """Return the members of a room, invited ones included."""

    async def timeline(
        self, room_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[TimelineEvent]:
        """Return at most `limit` stored events of a room, oldest first, before a position."""

    async def signed_attestations(self) -> Sequence[Content]:
        """Return all attestations that are published, as signed."""

    async def queued(self) -> Sequence[QueuedMessage]:
        """Return the messages that the server has not accepted."""

    async def send_again(self, transaction_id: str) -> SentEvent:
        """Send a message that was given up."""

    def updates(self) -> AsyncIterator[Update]:
        """Yield what changes, until the session closes."""

    async def send(
        self,
        room_id: str,
        content: Content,
        *,
        type: str = "m.room.message",
        transaction_id: str | None = None,
    ) -> SentEvent:
        """Encrypt and send an event; with the same `transaction_id` again, return the first one."""


class CourtRooms(Protocol):
    """The account's room calls; `client.session.rooms.RoomRequests` is the real one."""

    async def create_room(self, creation: RoomCreation) -> str:
        """Create a room and return its id."""

    async def state(self, room_id: str) -> Sequence[StateEvent]:
        """Return a room's whole state."""

    async def all_joined_states(self) -> dict[str, tuple[StateEvent, ...]]:
        """Return the state of every joined room, by room id."""

    async def invite(self, room_id: str, user_id: str) -> None:
        """Invite a user."""
