"""The timeline of every room: rows as they are shown, in the order in which they happened.

A position is (milliseconds << 18) + n: close to the time of the event and always after what the server put
before it, so that a sender whose clock is wrong moves nothing about.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from client.session.events import Json, TimelineEvent, Trust
from client.session.store.sqlcipher import Database

_SHIFT = 18
_encode = msgspec.json.Encoder().encode
_COLUMNS = "position, room_id, event_id, sender, sent_at, type, content, body, trust, reason"


@dataclass(frozen=True)
class NewEvent:
    """An event about to be stored. `sealed` is the content of one that could not be read yet."""

    event_id: str
    sender: str
    sent_at: int
    type: str
    content: dict[str, Json]
    trust: Trust
    reason: str | None = None
    session_id: str | None = None
    message_index: int | None = None
    sealed: bytes | None = None


@dataclass(frozen=True)
class SealedEvent:
    """A stored event whose key may still come."""

    position: int
    event_id: str
    sender: str
    sent_at: int
    sealed: bytes


class Timeline:
    """Reads and writes events; writing is for the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._arrived: int = db.execute("SELECT coalesce(max(arrived), 0) FROM events").fetchone()[0]

    def knows(self, room_id: str, event_id: str) -> bool:
        """Return whether an event is stored already."""
        query = "SELECT 1 FROM events WHERE room_id = ? AND event_id = ?"
        return self._db.execute(query, [room_id, event_id]).fetchone() is not None

    def oldest(self, room_id: str) -> str | None:
        """Return the id of a room's first event, or None where nothing of it is stored."""
        query = "SELECT event_id FROM events WHERE room_id = ? ORDER BY position LIMIT 1"
        row = self._db.execute(query, [room_id]).fetchone()
        return None if row is None else row[0]

    def message_indices(self, room_id: str, session_id: str) -> set[int]:
        """Return the Megolm message indices of the events of a session that could be read."""
        query = "SELECT message_index FROM events WHERE room_id = ? AND session_id = ? AND message_index >= 0"
        return {index for (index,) in self._db.execute(query, [room_id, session_id])}

    def append(self, room_id: str, events: Sequence[NewEvent]) -> list[TimelineEvent]:
        """Store events after all that the room has, oldest first; return those that were new."""
        query = "SELECT max(position) FROM events WHERE room_id = ?"
        last: int = self._db.execute(query, [room_id]).fetchone()[0] or 0
        latest = int(time.time() * 1000)
        stored = []
        for event in events:
            if self.knows(room_id, event.event_id):
                continue
            last = self._free(max(last + 1, min(max(event.sent_at, 0), latest) << _SHIFT))
            stored.append(self._insert(last, room_id, event))
        return stored

    def heal(self, room_id: str, position: int, event: NewEvent) -> TimelineEvent:
        """Replace a sealed event by what it turned out to say; it counts as having arrived now."""
        self._db.execute("DELETE FROM events WHERE position = ?", [position])
        return self._insert(position, room_id, event)

    def sealed(self, room_id: str, session_id: str) -> list[SealedEvent]:
        """Return the events of a room that wait for the key of a session."""
        query = (
            "SELECT position, event_id, sender, sent_at, sealed FROM events"
            " WHERE room_id = ? AND session_id = ? AND sealed IS NOT NULL ORDER BY position"
        )
        return [SealedEvent(*row) for row in self._db.execute(query, [room_id, session_id])]

    def waiting(self) -> list[tuple[str, str]]:
        """Return (room id, session id) of the keys that events wait for, those of the newest events first."""
        query = (
            "SELECT room_id, session_id FROM events WHERE sealed IS NOT NULL AND session_id IS NOT NULL"
            " GROUP BY room_id, session_id ORDER BY max(position) DESC"
        )
        return [(room_id, session_id) for room_id, session_id in self._db.execute(query)]

    def doubtful(self, sender: str) -> list[tuple[int, str, str]]:
        """Return (position, room id, session id) of a sender's events that came from an unproven device."""
        query = (
            "SELECT position, room_id, session_id FROM events"
            " WHERE sender = ? AND trust = 'unsigned-device' ORDER BY position"
        )
        return [(position, room, session) for position, room, session in self._db.execute(query, [sender])]

    def reassess(self, position: int, trust: Trust, reason: str | None) -> TimelineEvent:
        """Note that an event's sender is believed otherwise now; it counts as having arrived now."""
        self._arrived += 1
        self._db.execute(
            "UPDATE events SET trust = ?, reason = ?, arrived = ? WHERE position = ?",
            [trust.value, reason, self._arrived, position],
        )
        query = f"SELECT {_COLUMNS} FROM events WHERE position = ?"  # noqa: S608 # fixed columns
        return _event(self._db.execute(query, [position]).fetchone())

    def redact(self, room_id: str, event_id: str) -> TimelineEvent | None:
        """Empty an event that was redacted; return it, or None when it is not stored."""
        self._db.execute(
            "UPDATE events SET content = '{}', body = NULL, sealed = NULL, reason = 'It was redacted.'"
            " WHERE room_id = ? AND event_id = ?",
            [room_id, event_id],
        )
        query = f"SELECT {_COLUMNS} FROM events WHERE room_id = ? AND event_id = ?"  # noqa: S608 # fixed columns
        row = self._db.execute(query, [room_id, event_id]).fetchone()
        return None if row is None else _event(row)

    def page(self, room_id: str, before: int | None, limit: int) -> list[TimelineEvent]:
        """Return at most `limit` events of a room that precede `before`, oldest first."""
        query = (
            f"SELECT {_COLUMNS} FROM events WHERE room_id = ? AND position < ?"  # noqa: S608 # fixed columns
            " ORDER BY position DESC LIMIT ?"
        )
        rows = self._db.execute(query, [room_id, 2**63 - 1 if before is None else before, limit]).fetchall()
        return [_event(row) for row in reversed(rows)]

    def arrived_after(self, reader: str) -> list[TimelineEvent]:
        """Return what has arrived since `reader` last asked, in order, and remember that it was told."""
        row = self._db.execute("SELECT arrived FROM cursors WHERE reader = ?", [reader]).fetchone()
        query = f"SELECT {_COLUMNS} FROM events WHERE arrived > ? ORDER BY arrived"  # noqa: S608 # fixed columns
        events = [_event(found) for found in self._db.execute(query, [row[0] if row else 0])]
        if events:
            self._db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", [reader, self._arrived])
        return events

    def _free(self, position: int) -> int:
        while self._db.execute("SELECT 1 FROM events WHERE position = ?", [position]).fetchone():
            position += 1
        return position

    def _insert(self, position: int, room_id: str, event: NewEvent) -> TimelineEvent:
        self._arrived += 1
        body = event.content.get("body")
        text = body if isinstance(body, str) and event.type == "m.room.message" else None
        self._db.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                position,
                self._arrived,
                room_id,
                event.event_id,
                event.sender,
                event.sent_at,
                event.type,
                _encode(event.content),
                text,
                event.trust.value,
                event.reason,
                event.session_id,
                event.message_index,
                event.sealed,
            ],
        )
        return TimelineEvent(
            position=position,
            room_id=room_id,
            event_id=event.event_id,
            sender=event.sender,
            sent_at=event.sent_at,
            type=event.type,
            content=event.content,
            body=text,
            trust=event.trust,
            reason=event.reason,
        )


def _event(row: tuple[int, str, str, str, int, str, bytes, str | None, str, str | None]) -> TimelineEvent:
    position, room_id, event_id, sender, sent_at, type, content, body, trust, reason = row
    return TimelineEvent(
        position=position,
        room_id=room_id,
        event_id=event_id,
        sender=sender,
        sent_at=sent_at,
        type=type,
        content=msgspec.json.decode(content, type=dict[str, Json]),
        body=body,
        trust=Trust(trust),
        reason=reason,
    )
