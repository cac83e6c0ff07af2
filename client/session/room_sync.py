"""Taking in one room of a sync: its state by the reducer, its timeline decrypted into rows."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from client.session.crypto.room_decryption import RoomDecryption, Undecryptable
from client.session.crypto.verification.incoming import Incoming, incoming_in_clear
from client.session.crypto.verification.messages import is_verification
from client.session.events import REDACTED, Json, Membership, StateEvent, TimelineEvent, Trust
from client.session.foreign_json import decode, decode_flat
from client.session.room_state import RoomState
from client.session.store.room_store import RoomStore
from client.session.store.timeline import NewEvent, SealedEvent, Timeline
from client.session.sync_answer import (
    Events,
    StrippedEvent,
    SyncedRoom,
    Unread,
    WireEvent,
    read,
)
from client.session.wire import WireStateEvent

_log = logging.getLogger(__name__)
_BELIEVED = frozenset(Trust) - {Trust.MISMATCHED_SENDER, Trust.UNDECRYPTABLE}
"""Whose messages may verify: a sender who is not who the server says does not speak for the other side."""
_LARGEST_TIME = 2**44
"""Milliseconds: the year 2527. A server may write anything."""


class Redaction(msgspec.Struct, frozen=True):
    """What a room's timeline says to redact."""

    room_id: str
    event_id: str


class RoomSync:
    """Takes in rooms, in memory and into the caller's transaction."""

    def __init__(self, rooms: RoomStore, timeline: Timeline, decryption: RoomDecryption, own: str) -> None:
        self._rooms = rooms
        self._timeline = timeline
        self._decryption = decryption
        self._own_user_id = own

        self.verification: list[Incoming] = []
        """Messages of verifications; whoever commits the sync takes them."""

    def state_of(self, raw: SyncedRoom) -> list[StateEvent]:
        """Return the state events of a room's answer, in order."""
        events = [one for part in raw.parts_with_state() for one in read(part, Events, Events()).events]
        return [event for one in events if (event := _state_event(one)) is not None]

    def read_event(self, room_id: str, raw: msgspec.Raw) -> NewEvent | Redaction | None:
        """Decrypt one event of a room.

        Nothing comes of a state event, nor of one that cannot be read at all, which is logged.
        """
        try:
            event = decode_flat(raw, type=WireEvent)
        except msgspec.DecodeError:
            _log.warning("A malformed event in room %.200r was left out", room_id)
            return None
        if event.state_key is not None:
            return None
        if event.type == "m.room.redaction":
            target = _redacted(event)
            return Redaction(room_id, target) if target else None
        return self._read_event(room_id, event)

    def store(self, events: Sequence[NewEvent | Redaction]) -> list[TimelineEvent]:
        """Write events to their rooms' timelines; return what is new or changed."""
        return store_events(self._timeline, events)

    def heal(self, room_id: str, session_id: str) -> list[TimelineEvent]:
        """Read again what waited for the key of a session, within the caller's transaction."""
        healed = []
        for waiting in self._timeline.sealed(room_id, session_id):
            event = self._reread(room_id, waiting)
            if event is not None:
                healed.append(self._timeline.heal(waiting.position, event))
        return healed

    def explain(self, sender: str, room_id: str, session_id: str) -> list[TimelineEvent]:
        """Say why events that `sender` sent cannot be read, now that it is known, within the transaction.

        Without a session it is said of all that wait (`m.no_olm`).
        """
        explained = []
        for room, session in [(room_id, session_id)] if session_id else self._timeline.waiting():
            if self._decryption.has_key(room, session, sender):
                continue
            for waiting in self._timeline.sealed(room, session):
                if waiting.sender == sender:
                    reason = self._decryption.why_missing(room, session, sender)
                    explained.append(self._timeline.reassess(waiting.position, Trust.UNDECRYPTABLE, reason))
        return explained

    def reassess(self, sender: str) -> list[TimelineEvent]:
        """Judge a sender's doubtful events by keys known only now, within the caller's transaction."""
        changed = []
        for position, room_id, session_id in self._timeline.doubtful(sender):
            judged = self._decryption.reassess(room_id, session_id, sender)
            if judged is not None and judged[0] is not Trust.UNSIGNED_DEVICE:
                changed.append(self._timeline.reassess(position, *judged))
        return changed

    def invitation(self, room: RoomState, events: Sequence[msgspec.Raw]) -> None:
        """Take in the stripped state of an invitation."""
        for raw in events:
            try:
                event = decode(raw, type=StrippedEvent)
                content = decode(event.content, type=dict[str, Json])
            except msgspec.DecodeError:
                continue
            state = StateEvent(
                type=event.type, state_key=event.state_key, sender=event.sender, event_id="", content=content
            )
            self._rooms.apply(room, state)

    def room(self, room_id: str, membership: Membership, raw: SyncedRoom) -> RoomState:
        """Take in the state of a joined or left room, and return it."""
        known = self._rooms.get(room_id)
        was_member = known is not None and known.membership is Membership.JOIN
        room = self._rooms.changing(room_id, membership)
        if not was_member and membership is Membership.JOIN:
            self._rooms.clear_state(room)  # stripped state, or what we saw before we left
        for event in self.state_of(raw):
            self._rooms.apply(room, event)
        unread = read(raw.unread_notifications, Unread, Unread()).notification_count
        room.unread = min(max(unread, 0), 2**31)
        return room

    def _read_event(self, room_id: str, event: WireEvent) -> NewEvent:
        sent_at = min(max(event.origin_server_ts, 0), _LARGEST_TIME)
        if event.type != "m.room.encrypted":
            in_clear = incoming_in_clear(
                room_id, event.event_id, event.sender, sent_at, event.type, event.content
            )
            if in_clear is not None:
                self.verification.append(in_clear)
            return NewEvent(
                room_id,
                event.event_id,
                event.sender,
                sent_at,
                event.type,
                {},
                Trust.UNDECRYPTABLE,
                "It was sent without encryption, so it is not shown.",
            )
        if bytes(event.content) == b"{}":  # what a server leaves of an encrypted event that was redacted
            return NewEvent(
                room_id, event.event_id, event.sender, sent_at, event.type, {}, Trust.UNDECRYPTABLE, REDACTED
            )
        try:
            read_event = self._decryption.decrypt(room_id, event.event_id, event.sender, event.content)
        except Undecryptable as undecryptable:
            waits = undecryptable.session_id is not None
            return NewEvent(
                room_id,
                event.event_id,
                event.sender,
                sent_at,
                event.type,
                {},
                Trust.UNDECRYPTABLE,
                undecryptable.reason,
                session_id=undecryptable.session_id,
                sealed=bytes(event.content) if waits else None,
            )
        if is_verification(read_event.type, read_event.content) and read_event.trust in _BELIEVED:
            self.verification.append(
                Incoming(event.sender, read_event.type, read_event.content, room_id, event.event_id, sent_at)
            )
        return NewEvent(
            room_id,
            event.event_id,
            event.sender,
            sent_at,
            read_event.type,
            read_event.content,
            read_event.trust,
            read_event.reason,
            session_id=read_event.session_id,
            message_index=read_event.message_index,
        )

    def _reread(self, room_id: str, waiting: SealedEvent) -> NewEvent | None:
        event = WireEvent(
            type="m.room.encrypted",
            sender=waiting.sender,
            event_id=waiting.event_id,
            origin_server_ts=waiting.sent_at,
            content=msgspec.Raw(waiting.sealed),
        )
        healed = self._read_event(room_id, event)
        return None if healed.sealed is not None else healed


def store_events(timeline: Timeline, events: Sequence[NewEvent | Redaction]) -> list[TimelineEvent]:
    """Write what a sync brought, in the caller's transaction; return what is new or changed."""
    stored = timeline.append([event for event in events if isinstance(event, NewEvent)])
    for event in events:
        if isinstance(event, Redaction):
            stored += timeline.redact(event.room_id, event.event_id)
    return stored


def _redacted(event: WireEvent) -> str | None:
    if event.redacts:
        return event.redacts
    content = read(event.content, dict[str, Json], {})
    target = content.get("redacts")
    return target if isinstance(target, str) else None


def _state_event(raw: msgspec.Raw) -> StateEvent | None:
    try:
        return decode(raw, type=WireStateEvent).value()
    except msgspec.DecodeError:
        return None
