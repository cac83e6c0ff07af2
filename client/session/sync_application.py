"""Applying one answer of /sync: keys before messages, and the token last, in the transaction of the keys.

A process that dies before that commit asks for the same answer again, and loses neither key nor message. Of a
long answer most messages are written ahead of it, a few at a time, so that nobody waits for a transaction:
they are known by their ids when they come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from client.session.attestations import Attestations
from client.session.crypto.machine import Machine
from client.session.crypto.secret_message import SecretMessage
from client.session.crypto.verification.incoming import Incoming
from client.session.errors import HomeserverRefused, HomeserverUnreachable
from client.session.events import Membership, TimelineEvent
from client.session.message_writer import MessageWriter
from client.session.pacing import Pace
from client.session.progress import Progress
from client.session.room_sync import Redaction, RoomSync
from client.session.store.checkpoints import Checkpoints
from client.session.store.facts import Fact, Facts
from client.session.store.gap_store import MOST_MISSED, MOST_OF_NEW_ROOM, MOST_WHILE_AWAY, GapStore
from client.session.store.room_store import RoomStore
from client.session.store.timeline import NewEvent, Timeline
from client.session.store.vault import Vault
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

_LOT = 512
"""Messages that are written ahead in one transaction: who writes meanwhile waits, some 50 milliseconds."""
_FIRST_LOT = 128
"""Messages of the first one: until there are so many, the writer has nothing to do."""
_FEW = 32
"""Fewer messages than this are written in the transaction of the token; it holds the event loop up."""
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
    """One joined or left room of an answer."""

    room_id: str
    membership: Membership
    raw: SyncedRoom
    events: Sequence[msgspec.Raw]
    has_gap: bool
    """Whether it left something out before these events."""


class SyncApplication:
    """Applies answers to one store."""

    def __init__(
        self,
        db: Vault,
        transport: Transport,
        machine: Machine,
        rooms: RoomStore,
        timeline: Timeline,
        gaps: GapStore,
        progress: Progress,
        attestations: Attestations | None = None,
    ) -> None:
        self._db = db
        self._transport = transport
        self._machine = machine
        self._rooms = rooms
        self._timeline = timeline
        self._gaps = gaps
        self._progress = progress
        self._attestations = attestations or Attestations(None)
        self.checkpoints = Checkpoints(db)
        self._keyless: set[str] = set()
        self._ask_again_at = self._pause = 0.0
        self._room_sync = RoomSync(rooms, timeline, machine.decryption, machine.account.user_id)

    async def apply(self, answer: SyncAnswer) -> Applied:
        """Apply one answer. What it left out of a timeline becomes a gap, to be filled afterwards."""
        to_device = read(answer.to_device, Events, Events()).events
        rooms = read(answer.rooms, Rooms, Rooms())
        lists = read(answer.device_lists, DeviceLists, DeviceLists())
        with self._db.atomic():
            self._machine.devices.mark_changed(lists.changed)
        pieces = [
            *self._pieces(rooms.join, Membership.JOIN),
            *self._pieces(rooms.leave, Membership.LEAVE),
        ]
        self._progress.known_of(sum(len(piece.events) for piece in pieces))
        learnt = await self._fetch_keys([*to_device, *(raw for piece in pieces for raw in piece.events)])
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
        self._open_gaps(pieces)
        self._machine.to_device.secrets.clear()
        self._machine.to_device.verification.clear()  # what a failed commit left comes again
        self._room_sync.verification.clear()
        keys = []
        for raw in to_device:
            keys.append(self._machine.to_device.receive(raw))
            await pace.give_way()
        applied = Applied()
        latest: dict[str, int] = {}
        unwritten: list[NewEvent | Redaction] = []
        enough = _FIRST_LOT
        async with MessageWriter(self._db) as writer:
            for piece in pieces:
                for raw in piece.events:
                    if len(unwritten) >= enough:
                        await writer.write(unwritten)
                        unwritten, enough = [], _LOT
                    event = self._room_sync.read_event(piece.room_id, raw)
                    if isinstance(event, NewEvent):
                        latest[piece.room_id] = max(latest.get(piece.room_id, 0), event.sent_at)
                    if event is not None:
                        unwritten.append(event)
                    self._progress.took(1)
                    await pace.give_way()
            if len(unwritten) >= _FEW:
                await writer.write(unwritten)
                unwritten = []
            applied.events += await writer.finish()
        with self._db.atomic_beside():
            for withheld in sorted(self._machine.save_changes()):
                applied.events += self._room_sync.explain(*withheld)
            for piece in pieces:
                room = self._room_sync.room(piece.room_id, piece.membership, piece.raw)
                room.last_activity = max(room.last_activity, latest.get(piece.room_id, 0))
            applied.events += self._room_sync.store(unwritten)
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
        if any(piece.has_gap for piece in pieces):
            self._progress.fetching(self._gaps.rooms_held())
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

    async def standing(self, room_id: str) -> tuple[str, int]:
        """Return up to which token what has happened is taken in, and which position of a room that is."""
        async with self._machine.lock:  # not in the middle of an answer
            return Facts(self._db).text(Fact.SYNC_TOKEN) or "", self._timeline.end_of(room_id)

    async def take_in_history(
        self,
        room_id: str,
        raw_events: Sequence[msgspec.Raw],
        write: Callable[[list[NewEvent], list[Redaction]], list[TimelineEvent]],
    ) -> Applied:
        """Read older events of a room, and let `write` store them and empty what they redact, all at once."""
        learnt = await self._fetch_keys(raw_events)
        pace = Pace()
        async with self._machine.lock:
            self._room_sync.verification.clear()
            events: list[NewEvent] = []
            redactions: list[Redaction] = []
            for raw in raw_events:
                event = self._room_sync.read_event(room_id, raw)
                if isinstance(event, NewEvent):
                    events.append(event)
                elif event is not None:
                    redactions.append(event)
                self._progress.took(1)
                await pace.give_way()
            applied = Applied(rooms={room_id})
            with self._db.atomic():
                applied.events += write(events, redactions)
                room = self._rooms.get(room_id)
                latest = max((event.sent_at for event in events), default=0)
                if room is not None and latest > room.last_activity:
                    self._rooms.changing(room_id, room.membership).last_activity = latest
                    self._rooms.save_changes()
                for user in sorted(learnt):
                    applied.events += self._room_sync.reassess(user)
            self._machine.decryption.forget_uncommitted()
            applied.verification = list(self._room_sync.verification)
        return applied

    def _learn_attestations(self, pieces: Sequence[_Piece]) -> None:
        """Take in what an answer attests before its messages are judged, whatever room that stands in."""
        for piece in pieces:
            known = self._rooms.get(piece.room_id)
            if {piece.membership, known.membership if known else None} != {Membership.JOIN}:
                self._attestations.forget(piece.room_id)  # left, or told anew from the start
            # Most rooms attest nobody: their state is decoded once, when it is applied.
            attests = any(EVENT_TYPE.encode() in bytes(raw) for raw in piece.raw.parts_with_state())
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

    def _pieces(self, part: msgspec.Raw, membership: Membership) -> list[_Piece]:
        pieces = []
        for room_id, raw in rooms_in(part).items():
            room = read(raw, SyncedRoom, SyncedRoom())
            timeline = read(room.timeline, RoomTimeline, RoomTimeline())
            has_gap = timeline.limited and membership is Membership.JOIN
            pieces.append(_Piece(room_id, membership, room, timeline.events, has_gap))
        return pieces

    def _open_gaps(self, pieces: Sequence[_Piece]) -> None:
        """Note what the answer left out, before anything that comes after it is stored."""
        if not any(piece.has_gap for piece in pieces):
            return
        follows = bool(Facts(self._db).text(Fact.SYNC_TOKEN))
        with self._db.atomic():
            for piece in pieces:
                if not piece.has_gap:
                    continue
                known = self._rooms.get(piece.room_id)
                if follows and known is not None and known.membership is Membership.JOIN:
                    self._gaps.open(piece.room_id, MOST_MISSED)
                elif self._timeline.has_any(piece.room_id):
                    self._gaps.open(piece.room_id, MOST_WHILE_AWAY)
                else:
                    self._gaps.open(piece.room_id, MOST_OF_NEW_ROOM)

    async def _fetch_keys(self, raw_events: Sequence[msgspec.Raw]) -> set[str]:
        """Have the keys of everyone who wrote something at hand: without them nobody can be believed.

        Returns the users whose keys are known only now, by whatever way. Those that cannot be fetched are
        asked for again with a later answer.
        """
        learnt = self._keyless - self._machine.devices.unknown(self._keyless)
        self._keyless -= learnt
        senders = {read(raw, _Sender, _NOBODY).sender for raw in raw_events} - {_NOBODY.sender}
        now = asyncio.get_running_loop().time()
        doubtful = self._keyless if now >= self._ask_again_at else set()
        unknown = self._machine.devices.unknown(senders | doubtful)
        if not unknown:
            return learnt
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
        return learnt | unknown - self._keyless
