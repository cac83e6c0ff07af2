"""What the Court's bot asks of its session and of its room calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from client.session.events import Content, RoomCreation, SentEvent, StateEvent
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
