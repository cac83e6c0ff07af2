"""A session without a homeserver: the whole face of `client.session.face.Session`, over lists in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from client.session.errors import (
    AnswerNotSigned,
    CannotVerify,
    DeviceUnknown,
    NotAnAttachment,
    RecoveryKeyWrong,
    UnknownRoom,
)
from client.session.events import (
    Connection,
    ConnectionChanged,
    Content,
    Gap,
    Json,
    Membership,
    OwnDevice,
    QueuedMessage,
    RoomChanged,
    RoomMember,
    RoomSummary,
    SavedFile,
    SearchHit,
    SentEvent,
    TimelineEvent,
    TransferProgress,
    Trust,
    Update,
)
from client.session.face import Session
from client.session.identity_status import IdentityStatus
from client.session.recovery.state import Recovery, RecoveryState
from client.session.secret import Secret, hidden
from client.session.verification import Verification
from policies.errors import RogatoryError
from policies.trust.attestation import Attestation

RECOVERY_KEY = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"
START = 1_795_428_000_000
"""2026-11-23T10:00:00Z in milliseconds, when the first event of a fake room is sent."""


class FakeSession:
    """One account's session. Opening it is entering it: `closed` is set once it has been left again.

    What is sent is in `sent`, and comes back as an event of one's own, as from a server. `fail_next_send`
    makes the next sending fail, `hold_sends` makes sendings wait until `release_sends`.
    """

    def __init__(self, user_id: str = "@sen.focal-point.1:africa.rogatory.test") -> None:
        self._user_id = user_id
        self._rooms: dict[str, RoomSummary] = {}
        self._events: dict[str, list[TimelineEvent]] = {}
        self._members: dict[str, list[RoomMember]] = {}
        self._followers: list[asyncio.Queue[Update | None]] = []
        self._position = 0
        self._told = 0
        self._failure: RogatoryError | None = None
        self._held: list[asyncio.Event] | None = None
        self.sent: list[tuple[str, dict[str, Json]]] = []
        self.missing: list[Gap] = []
        self.outbox: dict[str, QueuedMessage] = {}
        self.joined: list[str] = []
        self.asked: list[Verification] = []
        self.left: list[str] = []
        self.attested: dict[str, Attestation] = {}
        self.identities: dict[str, IdentityStatus] = {}
        self.timeline_calls = 0
        self.drafts: dict[str, str] = {}
        self.recovery = RecoveryState(
            recovery=Recovery.NOT_SET_UP,
            signed=True,
            backup_version=None,
            backup_refused=None,
            backed_up=0,
            room_keys=0,
            refused_keys=0,
        )
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()

    # What a test does to it.

    def add_room(
        self,
        room_id: str,
        name: str,
        *,
        children: Sequence[str] | None = None,
        membership: Membership = Membership.JOIN,
        unread: int = 0,
        encrypted: bool = True,
        topic: str | None = None,
        inviter: str | None = None,
    ) -> None:
        """Add a room, or a space if `children` are given."""
        self._rooms[room_id] = RoomSummary(
            room_id=room_id,
            name=name,
            topic=topic,
            membership=membership,
            encrypted=encrypted,
            is_space=children is not None,
            unread=unread,
            last_activity=len(self._rooms),
            inviter=inviter,
            children=tuple(children or ()),
        )
        self._events.setdefault(room_id, [])
        self._tell(RoomChanged(room_id=room_id))

    def change_room(self, room_id: str, **changes: object) -> None:
        """Change fields of a room's summary."""
        self._rooms[room_id] = msgspec.structs.replace(self._rooms[room_id], **changes)
        self._tell(RoomChanged(room_id=room_id))

    def receive(
        self,
        room_id: str,
        body: str | None,
        *,
        sender: str = "@otp:court.rogatory.test",
        content: dict[str, Json] | None = None,
        type: str = "m.room.message",
        trust: Trust = Trust.ATTESTED,
        reason: str | None = None,
        sent_at: int | None = None,
        position: int | None = None,
    ) -> TimelineEvent:
        """Let an event arrive in a room, one minute after the one before it."""
        self._position += 1
        number = self._position
        event = TimelineEvent(
            position=number if position is None else position,
            room_id=room_id,
            event_id=f"$event{number}",
            sender=sender,
            sent_at=START + number * 60_000 if sent_at is None else sent_at,
            type=type,
            content={"msgtype": "m.text", "body": body} if content is None else content,
            body=body,
            trust=trust,
            reason=reason,
        )
        events = self._events[room_id]
        events.append(event)
        events.sort(key=lambda each: each.position)
        self._tell(event)
        return event

    def receive_undecryptable(self, room_id: str, reason: str, *, sender: str) -> TimelineEvent:
        """Let an event arrive whose key is not there yet."""
        return self.receive(
            room_id,
            None,
            sender=sender,
            content={},
            type="m.room.encrypted",
            trust=Trust.UNDECRYPTABLE,
            reason=reason,
        )

    def heal(self, event: TimelineEvent, body: str, content: dict[str, Json] | None = None) -> None:
        """Let an event come again, decrypted."""
        healed = msgspec.structs.replace(
            event,
            type="m.room.message",
            body=body,
            content={"msgtype": "m.text", "body": body} if content is None else content,
            trust=Trust.ATTESTED,
            reason=None,
        )
        events = self._events[event.room_id]
        events[events.index(event)] = healed
        self._tell(healed)

    def connect(self, connection: Connection, remaining: int = 0, *, total: int = 0, rooms: int = 0) -> None:
        """Change the connection."""
        update = ConnectionChanged(connection=connection, remaining=remaining, total=total, rooms=rooms)
        self._tell(update)

    def miss(self, *gaps: Gap) -> None:
        """Let a room have gaps."""
        self.missing = list(gaps)
        for gap in gaps:
            self._tell(RoomChanged(room_id=gap.room_id))

    def keep_unsent(
        self,
        room_id: str,
        body: str,
        failure: str | None,
        remedy: str | None = None,
        *,
        transaction_id: str | None = None,
    ) -> None:
        """Let a message wait in the outbox, or be given up."""
        name = transaction_id or f"unsent{len(self.outbox)}"
        self.outbox[name] = QueuedMessage(
            transaction_id=name,
            room_id=room_id,
            type="m.room.message",
            content={"msgtype": "m.text", "body": body},
            queued_at=START,
            failure=failure,
            remedy=remedy,
        )
        self._tell(RoomChanged(room_id=room_id))

    def fail_next_send(self, error: RogatoryError) -> None:
        """Make the next sending raise this error."""
        self._failure = error

    def hold_sends(self) -> None:
        """Make sendings wait."""
        self._held = []

    def release_sends(self) -> None:
        """Let the waiting sendings go on, in the order in which they came, as the face promises."""
        held, self._held = self._held or [], None
        for waiting in held:
            waiting.set()

    def end(self) -> None:
        """End every iteration over the updates, as when the session closes."""
        for follower in self._followers:
            follower.put_nowait(None)

    def _tell(self, update: Update) -> None:
        for follower in self._followers:
            follower.put_nowait(update)

    def _room(self, room_id: str) -> RoomSummary:
        if room_id not in self._rooms:
            raise UnknownRoom(
                "There is no such room.", why=f"{room_id} is not in the list.", remedy="Choose another."
            )
        return self._rooms[room_id]

    # The face.

    @property
    def user_id(self) -> str:
        return self._user_id

    async def rooms(self) -> Sequence[RoomSummary]:
        return sorted(self._rooms.values(), key=lambda room: -room.last_activity)

    async def members(self, room_id: str) -> Sequence[RoomMember]:
        self._room(room_id)
        return self._members.get(room_id, [])

    async def timeline(
        self, room_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[TimelineEvent]:
        self._room(room_id)
        self.timeline_calls += 1
        events = [event for event in self._events[room_id] if before is None or event.position < before]
        return events[-limit:]

    async def search(self, query: str, *, limit: int = 20, before: int | None = None) -> Sequence[SearchHit]:
        found = [
            SearchHit(
                position=event.position,
                room_id=event.room_id,
                event_id=event.event_id,
                sender=event.sender,
                sent_at=event.sent_at,
                body=event.body,
                trust=event.trust,
            )
            for events in self._events.values()
            for event in events
            if event.body and query in event.body and (before is None or event.position < before)
        ]
        return sorted(found, key=lambda hit: -hit.position)[:limit]

    async def draft(self, room_id: str) -> str:
        return self.drafts.get(room_id, "")

    async def set_draft(self, room_id: str, text: str) -> None:
        self._room(room_id)
        self.drafts[room_id] = text

    async def gaps(self, room_id: str) -> Sequence[Gap]:
        return [gap for gap in self.missing if gap.room_id == room_id]

    async def readers(self, room_id: str) -> frozenset[str]:
        self._room(room_id)
        return frozenset(member.user_id for member in self._members.get(room_id, []))

    async def attestation(self, user_id: str) -> Attestation | None:
        return self.attested.get(user_id)

    async def attestations(self) -> Sequence[Attestation]:
        return [self.attested[user_id] for user_id in sorted(self.attested)]

    async def signed_attestations(self) -> Sequence[Content]:
        return []

    async def sign_answer(self, answer: Content) -> Content:
        raise AnswerNotSigned("The answer was not signed.", why="There is no key.", remedy="Ask for one.")

    async def join(self, room: str, *, via: Sequence[str] = ()) -> str:
        self._room(room)
        self.joined.append(room)
        self.change_room(room, membership=Membership.JOIN)
        return room

    async def invite(self, room_id: str, user_id: str) -> None:
        self._room(room_id)
        self._members.setdefault(room_id, []).append(
            RoomMember(user_id=user_id, display_name=None, membership=Membership.INVITE, power_level=0)
        )
        self._tell(RoomChanged(room_id=room_id))

    async def leave(self, room_id: str) -> None:
        self._room(room_id)
        self.left.append(room_id)
        del self._rooms[room_id]
        self._tell(RoomChanged(room_id=room_id))

    async def send(
        self,
        room_id: str,
        content: Content,
        *,
        type: str = "m.room.message",
        transaction_id: str | None = None,
    ) -> SentEvent:
        self._room(room_id)
        if self._held is not None:
            waiting = asyncio.Event()
            self._held.append(waiting)
            await waiting.wait()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        self.sent.append((room_id, dict(content)))
        body = content.get("body")
        event = self.receive(
            room_id,
            body if isinstance(body, str) else None,
            sender=self._user_id,
            content=dict(content),
            type=type,
            trust=Trust.VERIFIED,
        )
        return SentEvent(room_id=room_id, event_id=event.event_id)

    async def send_file(
        self,
        room_id: str,
        path: Path,
        *,
        caption: str | None = None,
        progress: TransferProgress | None = None,
        transaction_id: str | None = None,
    ) -> SentEvent:
        content: dict[str, Json] = {"msgtype": "m.file", "body": caption or path.name, "filename": path.name}
        return await self.send(room_id, content)

    async def save_attachment(
        self,
        room_id: str,
        event_id: str,
        target: Path,
        *,
        replace: bool = False,
        progress: TransferProgress | None = None,
    ) -> SavedFile:
        raise NotAnAttachment("There is no file.", why="This is a fake.", remedy="Use a real session.")

    async def queued(self) -> Sequence[QueuedMessage]:
        return list(self.outbox.values())

    async def send_again(self, transaction_id: str) -> SentEvent:
        message = self.outbox.pop(transaction_id)
        self._tell(RoomChanged(room_id=message.room_id))
        return await self.send(message.room_id, message.content, transaction_id=transaction_id)

    async def discard(self, transaction_id: str) -> None:
        message = self.outbox.pop(transaction_id)
        self._tell(RoomChanged(room_id=message.room_id))

    async def verify(self, user_id: str) -> Verification:
        raise CannotVerify("Nobody answers.", why="This is a fake.", remedy="Use a real session.")

    async def verification_requests(self) -> AsyncIterator[Verification]:
        for verification in self.asked:
            yield verification

    async def recovery_state(self) -> RecoveryState:
        return self.recovery

    async def set_up_recovery(
        self, *, passphrase: str | Secret[str] | None = None, replace: bool = False
    ) -> str:
        self.recovery = msgspec.structs.replace(self.recovery, recovery=Recovery.UNLOCKED)
        return RECOVERY_KEY

    async def recover(
        self, *, recovery_key: str | Secret[str] | None = None, passphrase: str | Secret[str] | None = None
    ) -> RecoveryState:
        if recovery_key is not None and hidden(recovery_key) != Secret(RECOVERY_KEY):
            raise RecoveryKeyWrong("The key is wrong.", why="It opens nothing.", remedy="Use the other.")
        self.recovery = msgspec.structs.replace(self.recovery, recovery=Recovery.UNLOCKED, signed=True)
        return self.recovery

    async def reset_identity(
        self, *, password: str | Secret[str], passphrase: str | Secret[str] | None = None
    ) -> str:
        return await self.set_up_recovery(passphrase=passphrase, replace=True)

    async def devices(self) -> Sequence[OwnDevice]:
        return [
            OwnDevice(device_id="FAKE", name="Rogatory", last_seen_at=START, cross_signed=True, is_this=True)
        ]

    async def rename_device(self, device_id: str, name: str) -> None:
        raise DeviceUnknown("There is no such device.", why="It is a fake.", remedy="Give another.")

    async def remove_device(self, device_id: str, *, password: str | Secret[str]) -> None:
        raise DeviceUnknown("There is no such device.", why="It is a fake.", remedy="Give another.")

    async def identity(self, user_id: str) -> IdentityStatus:
        return self.identities.get(user_id) or IdentityStatus(
            user_id=user_id, master_key=None, pinned_master_key=None, verified=False, attested=False
        )

    async def accept_identity(self, user_id: str, *, master_key: str | None = None) -> None:
        known = self.identities[user_id]
        self.identities[user_id] = msgspec.structs.replace(known, pinned_master_key=known.master_key)

    async def seal(self, room_id: str) -> None:
        self.change_room(room_id, sealed=True)

    async def new_events(self) -> Sequence[TimelineEvent]:
        everything = sorted(
            (event for events in self._events.values() for event in events), key=lambda each: each.position
        )
        new = [event for event in everything if event.position > self._told]
        self._told = self._position
        return new

    async def updates(self) -> AsyncIterator[Update]:
        follower: asyncio.Queue[Update | None] = asyncio.Queue()
        self._followers.append(follower)
        try:
            while (update := await follower.get()) is not None:
                yield update
        finally:
            self._followers.remove(follower)


def as_session(fake: FakeSession) -> Session:
    """Hold the fake to the face: this line does not pass mypy when a method is missing or differs."""
    return fake
