"""Applying one answer of /sync: keys before messages, everything in one transaction, the token last.

A process that dies before the commit asks for the same answer again, and loses neither key nor message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from client.session.attestations import Attestations
from client.session.backfill import missing_events
from client.session.crypto.machine import Machine
from client.session.crypto.secret_message import SecretMessage
from client.session.crypto.verification.incoming import Incoming
from client.session.errors import HomeserverRefused, HomeserverUnreachable
from client.session.events import Membership, TimelineEvent
from client.session.pacing import Pace
from client.session.room_sync import RoomSync
from client.session.store.facts import Fact, Facts
from client.session.store.room_store import RoomStore
from client.session.store.sqlcipher import Database
from client.session.store.timeline import NewEvent, Timeline
from client.session.sync_answer import (
    DeviceLists,
    Events,
    InvitedRoom,
    Rooms,
    RoomTimeline,
    SyncAnswer,
    SyncedRoom,
    read,
    rooms_in,
)
from client.session.transport import Transport
from policies.trust.attestation import EVENT_TYPE

_KEYS_PATIENCE = 5.0
"""Seconds that an answer waits for the keys of its senders before it is shown without them."""
_LONGEST_PAUSE = 60.0
"""Seconds between two attempts to get the keys of senders whose server is away."""


class _Sender(msgspec.Struct):
    sender: str


_NOBODY = _Sender("")


@dataclass
class Applied:
    """What an answer changed, once it is committed."""

    events: list[TimelineEvent] = field(default_factory=list)
    rooms: set[str] = field(default_factory=set)
    verification: list[Incoming] = field(default_factory=list)
    secrets: list[SecretMessage] = field(default_factory=list)


@dataclass
class _Piece:
    """One joined or left room of an answer, with the events that it left out."""

    room_id: str
    membership: Membership
    raw: SyncedRoom
    events: Sequence[msgspec.Raw]


class SyncApplication:
    """Applies answers to one store."""

    def __init__(
        self,
        db: Database,
        transport: Transport,
        machine: Machine,
        rooms: RoomStore,
        timeline: Timeline,
        attestations: Attestations | None = None,
    ) -> None:
        self._db = db
        self._transport = transport
        self._machine = machine
        self._rooms = rooms
        self._timeline = timeline
        self._attestations = attestations or Attestations(None)
        self._keyless: set[str] = set()
        self._ask_again_at = self._pause = 0.0
        self._room_sync = RoomSync(rooms, timeline, machine.decryption, machine.account.user_id)

    async def apply(self, answer: SyncAnswer) -> Applied:
        """Apply one answer. Raises HomeserverUnreachable when a gap could not be fetched: ask again."""
        to_device = read(answer.to_device, Events, Events()).events
        rooms = read(answer.rooms, Rooms, Rooms())
        lists = read(answer.device_lists, DeviceLists, DeviceLists())
        with self._db.atomic():
            self._machine.devices.mark_changed(lists.changed)
        pieces = [
            *await self._pieces(rooms.join, Membership.JOIN),
            *await self._pieces(rooms.leave, Membership.LEAVE),
        ]
        learnt = await self._fetch_keys(to_device, pieces)
        self._learn_attestations(pieces)
        async with self._machine.lock:
            return await self._commit(answer, to_device, pieces, rooms, lists, learnt)

    async def _commit(
        self,
        answer: SyncAnswer,
        to_device: Sequence[msgspec.Raw],
        pieces: Sequence[_Piece],
        rooms: Rooms,
        lists: DeviceLists,
        learnt: set[str],
    ) -> Applied:
        pace = Pace()
        self._machine.to_device.secrets.clear()
        self._machine.to_device.verification.clear()  # what a failed commit left comes again
        self._room_sync.verification.clear()
        keys = []
        for raw in to_device:
            keys.append(self._machine.to_device.receive(raw))
            await pace.give_way()
        events: dict[str, list[NewEvent | str]] = {}
        for piece in pieces:
            of_room = events.setdefault(piece.room_id, [])
            for raw in piece.events:
                of_room += self._room_sync.read_event(piece.room_id, raw)
                await pace.give_way()
        applied = Applied()
        with self._db.atomic():
            self._machine.save_changes()
            for piece in pieces:
                room = self._room_sync.room(piece.room_id, piece.membership, piece.raw)
                applied.events += self._room_sync.store(room, events[piece.room_id])
            self._invitations(rooms)
            for key in keys:
                if key is not None:
                    applied.events += self._room_sync.heal(*key)
            for user in sorted(learnt):
                applied.events += self._room_sync.reassess(user)
            applied.rooms = self._rooms.save_changes()
            self._machine.devices.forget(lists.left)
            Facts(self._db).put(Fact.SYNC_TOKEN, answer.next_batch)
        self._machine.decryption.forget_uncommitted()
        applied.secrets = list(self._machine.to_device.secrets)
        applied.verification = [*self._machine.to_device.verification, *self._room_sync.verification]
        return applied

    async def take_in(self, add_keys: Callable[[], Sequence[tuple[str, str]]]) -> list[TimelineEvent]:
        """Let `add_keys` take in room keys that came by another way than a sync, and say which; heal by them.

        Returns the events that can be read now.
        """
        async with self._machine.lock:
            keys = add_keys()
            with self._db.atomic():
                self._machine.save_changes()
                healed = [event for key in keys for event in self._room_sync.heal(*key)]
            self._machine.decryption.forget_uncommitted()
        return healed

    def _learn_attestations(self, pieces: Sequence[_Piece]) -> None:
        """Take in what an answer attests before its messages are judged, whatever room that stands in."""
        for piece in pieces:
            known = self._rooms.get(piece.room_id)
            if {piece.membership, known.membership if known else None} != {Membership.JOIN}:
                self._attestations.forget(piece.room_id)  # left, or told anew from the start
            # Most rooms attest nobody: their state is decoded once, when it is applied.
            attests = any(EVENT_TYPE.encode() in bytes(raw) for raw in (piece.raw.state, piece.raw.timeline))
            if piece.membership is Membership.JOIN and attests:
                users = self._attestations.learn(piece.room_id, self._room_sync.state_of(piece.raw))
                self._machine.devices.accept_vouched(users)

    def _invitations(self, rooms: Rooms) -> None:
        for part, membership in ((rooms.invite, Membership.INVITE), (rooms.knock, Membership.KNOCK)):
            for room_id, raw in rooms_in(part).items():
                invited = read(raw, InvitedRoom, InvitedRoom())
                stripped = invited.invite_state if membership is Membership.INVITE else invited.knock_state
                room = self._rooms.changing(room_id, membership)
                self._room_sync.invitation(room, read(stripped, Events, Events()).events)

    async def _pieces(self, part: msgspec.Raw, membership: Membership) -> list[_Piece]:
        pieces = []
        for room_id, raw in rooms_in(part).items():
            room = read(raw, SyncedRoom, SyncedRoom())
            timeline = read(room.timeline, RoomTimeline, RoomTimeline())
            events = timeline.events
            if timeline.limited and timeline.prev_batch and membership is Membership.JOIN:
                earlier = await missing_events(
                    self._transport, self._timeline, room_id, timeline.prev_batch, timeline.events
                )
                events = [*earlier, *events]
            pieces.append(_Piece(room_id, membership, room, events))
        return pieces

    async def _fetch_keys(self, to_device: Sequence[msgspec.Raw], pieces: Sequence[_Piece]) -> set[str]:
        """Have the keys of everyone who wrote something at hand: without them nobody can be believed.

        Returns the users whose keys are known only now. Those that cannot be fetched are asked for again with
        a later answer.
        """
        raw_events = [*to_device, *(raw for piece in pieces for raw in piece.events)]
        senders = {read(raw, _Sender, _NOBODY).sender for raw in raw_events} - {_NOBODY.sender}
        now = asyncio.get_running_loop().time()
        doubtful = self._keyless if now >= self._ask_again_at else set()
        unknown = self._machine.devices.unknown(senders | doubtful)
        if not unknown:
            return set()
        try:
            async with asyncio.timeout(_KEYS_PATIENCE):
                await self._machine.devices.refresh(unknown)
        except (TimeoutError, HomeserverUnreachable, HomeserverRefused):
            pass
        self._keyless = self._machine.devices.unknown(self._keyless | unknown)
        if self._keyless:  # their server is away: it must not slow down every answer from now on
            self._ask_again_at = now + self._pause
            self._pause = min(2 * self._pause + 1, _LONGEST_PAUSE)
        else:
            self._pause = 0.0
        return unknown - self._keyless
