"""The Court's homeserver and session as the bot sees them, in memory, and a way to be killed at any step."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bridge.court import CourtBot
from bridge.register import Register
from bridge.register_event import EventKind
from bridge.request_record import RequestRecord
from client.session.errors import NotAllowed, SessionError, UnknownRoom
from client.session.events import (
    Content,
    Membership,
    QueuedMessage,
    RoomCreation,
    RoomMember,
    SentEvent,
    StateEvent,
    TimelineEvent,
    Trust,
    Update,
)
from policies.trust.attestation import Attestation
from tests.policies.trust.networks import ATTESTATION, MANIFEST, NOW, OTP

BOT = "@otp:court.rogatory.test"
KEY = bytes(range(32))


class Killed(BaseException):
    """Stands for kill -9: nothing may catch it."""


class Steps:
    """Counts the steps of a run, and kills it at step `kill_at`."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.taken = 0
        self._kill_at = kill_at

    def step(self) -> None:
        self.taken += 1
        if self.taken == self._kill_at:
            raise Killed


@dataclass
class FakeRoom:
    creation: RoomCreation
    members: dict[str, str]
    events: list[Content] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)


class FakeServer:
    """What outlives a kill: rooms, members and events. `able` are users with a cross-signed device."""

    def __init__(self, able: set[str]) -> None:
        self.able = able
        self.rooms: dict[str, FakeRoom] = {}
        self.transactions: dict[str, SentEvent] = {}
        self.invitation_fails: SessionError | None = None
        self.unknown_for = 0
        self.queries = 0
        self.attestations: list[Content] = []
        self._numbers = itertools.count(1)

    def create(self, creation: RoomCreation) -> str:
        room_id = f"!room{next(self._numbers)}"
        self.rooms[room_id] = FakeRoom(creation, {BOT: "join"})
        return room_id

    def post(self, room_id: str, sender: str, content: Content) -> str:
        """Add a message to a room, as everyone in it decrypts it, and return its id."""
        timeline = self.rooms[room_id].timeline
        event = TimelineEvent(
            position=len(timeline) + 1,
            room_id=room_id,
            event_id=f"{room_id}-{len(timeline) + 1}",
            sender=sender,
            sent_at=int(NOW.timestamp() * 1000),
            type="m.room.message",
            content=json.loads(json.dumps(content)),
            body=None,
            trust=Trust.PINNED,
        )
        timeline.append(event)
        return event.event_id

    def state(self, room_id: str) -> tuple[StateEvent, ...]:
        room = self.rooms[room_id]
        initial = [
            StateEvent(
                type=each.type, state_key=each.state_key, sender=BOT, event_id="$", content=each.content
            )
            for each in room.creation.initial_state
        ]
        members = [
            StateEvent(
                type="m.room.member",
                state_key=user,
                sender=BOT,
                event_id="$",
                content={"membership": membership},
            )
            for user, membership in room.members.items()
        ]
        return (*initial, *members)

    @property
    def events(self) -> list[Content]:
        return [event for room in self.rooms.values() for event in room.events]


class FakeRooms:
    def __init__(self, server: FakeServer, steps: Steps) -> None:
        self._server = server
        self._steps = steps

    async def create_room(self, creation: RoomCreation) -> str:
        self._steps.step()
        room_id = self._server.create(creation)
        self._steps.step()
        return room_id

    async def state(self, room_id: str) -> tuple[StateEvent, ...]:
        self._steps.step()
        return self._server.state(room_id)

    async def all_joined_states(self) -> dict[str, tuple[StateEvent, ...]]:
        self._steps.step()
        return {room_id: self._server.state(room_id) for room_id in self._server.rooms}

    async def invite(self, room_id: str, user_id: str) -> None:
        self._steps.step()
        if self._server.invitation_fails:
            raise self._server.invitation_fails
        members = self._server.rooms[room_id].members
        if user_id in members:
            raise NotAllowed("No.", why="Already there.", remedy="-", status=403, errcode="M_FORBIDDEN")
        members[user_id] = "invite"
        self._steps.step()


class FakeSession:
    user_id = BOT

    def __init__(self, server: FakeServer, steps: Steps) -> None:
        self._server = server
        self._steps = steps

    async def attestations(self) -> tuple[Attestation, ...]:
        return (ATTESTATION,)

    async def readers(self, room_id: str) -> frozenset[str]:
        self._steps.step()
        self._server.queries += 1
        if self._server.queries <= self._server.unknown_for:
            raise UnknownRoom("Unknown.", why="Not synced yet.", remedy="Wait.")
        return frozenset(set(self._server.rooms[room_id].members) - {BOT}) & self._server.able

    async def members(self, room_id: str) -> Sequence[RoomMember]:
        return [
            RoomMember(user_id=user, display_name=None, membership=Membership(membership), power_level=0)
            for user, membership in self._server.rooms[room_id].members.items()
        ]

    async def timeline(
        self, room_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[TimelineEvent]:
        self._steps.step()
        events = self._server.rooms[room_id].timeline
        return [each for each in events if before is None or each.position < before][-limit:]

    async def signed_attestations(self) -> Sequence[Content]:
        return self._server.attestations

    async def queued(self) -> Sequence[QueuedMessage]:
        return []

    async def send_again(self, transaction_id: str) -> SentEvent:
        raise UnknownRoom("Nothing was given up.", why="This server takes everything.", remedy="Wait.")

    async def updates(self) -> AsyncIterator[Update]:
        never: asyncio.Future[Update] = asyncio.get_running_loop().create_future()
        yield await never

    async def send(
        self,
        room_id: str,
        content: Content,
        *,
        type: str = "m.room.message",
        transaction_id: str | None = None,
    ) -> SentEvent:
        assert type == "m.room.message"
        assert transaction_id
        self._steps.step()
        if transaction_id not in self._server.transactions:
            self._server.rooms[room_id].events.append(content)
            event_id = self._server.post(room_id, BOT, content)
            self._server.transactions[transaction_id] = SentEvent(room_id=room_id, event_id=event_id)
        self._steps.step()
        return self._server.transactions[transaction_id]


class KillableRegister(Register):
    """A register whose process can be killed just before and just after each append."""

    steps: Steps

    def append(
        self,
        kind: EventKind,
        request_id: str,
        payload: Mapping[str, object],
        beside: Callable[[RequestRecord], None] | None = None,
    ) -> RequestRecord:
        self.steps.step()
        record = super().append(kind, request_id, payload, beside)
        self.steps.step()
        return record


def run_of_the_bot(
    path: Path, server: FakeServer, steps: Steps | None = None, now: Callable[[], datetime] = lambda: NOW
) -> CourtBot:
    """A bot as a new process has it: only the file and the server are what they were."""
    steps = steps or Steps()
    register = KillableRegister.open(path, KEY, now=now)
    register.steps = steps
    return CourtBot(FakeSession(server, steps), FakeRooms(server, steps), register, OTP, MANIFEST, poll=0.001)
