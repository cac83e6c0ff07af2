"""The rooms of an account: in memory as they are, in the store as they were at the last commit."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from client.session.events import Json, Membership, StateEvent
from client.session.room_state import RoomState
from client.session.store.sqlcipher import Database

_encode = msgspec.json.Encoder().encode
_content = msgspec.json.Decoder(dict[str, Json]).decode  # built once: rooms have thousands of state events


class RoomStore:
    """All rooms. A room that `changing` returned is written by the next `save_changes`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rooms: dict[str, RoomState] = {}
        self._changed: dict[str, list[StateEvent]] = {}
        self._load()

    def __iter__(self) -> Iterator[RoomState]:
        return iter(self._rooms.values())

    def get(self, room_id: str) -> RoomState | None:
        """Return a room that the account has or had to do with."""
        return self._rooms.get(room_id)

    def changing(self, room_id: str, membership: Membership) -> RoomState:
        """Return a room that is about to change, making it if it is new."""
        room = self._rooms.setdefault(room_id, RoomState(room_id, membership))
        room.membership = membership
        self._changed.setdefault(room_id, [])
        return room

    def apply(self, room: RoomState, event: StateEvent) -> None:
        """Take in a state event of a room that is changing."""
        room.apply(event)
        self._changed[room.room_id].append(event)

    def seal(self, room: RoomState) -> None:
        """Seal a room for good, whatever its state says."""
        room.sealed = True
        self._db.execute("UPDATE rooms SET sealed = 1 WHERE room_id = ?", [room.room_id])

    def clear_state(self, room: RoomState) -> None:
        """Forget a room's state, which is told anew from the start; that it is encrypted or sealed stays."""
        room.state.clear()
        self._db.execute("DELETE FROM room_state WHERE room_id = ?", [room.room_id])

    def save_changes(self) -> set[str]:
        """Write what changed, in the caller's transaction; return the ids of the rooms."""
        for room_id, events in self._changed.items():
            room = self._rooms[room_id]
            encryption = None if room.encryption is None else _encode(room.encryption)
            self._db.execute(
                "INSERT OR REPLACE INTO rooms VALUES (?, ?, ?, ?, ?, ?)",
                [room_id, room.membership.value, encryption, room.unread, room.last_activity, room.sealed],
            )
            self._db.conn.executemany(
                "INSERT OR REPLACE INTO room_state VALUES (?, ?, ?, ?, ?, ?)",
                [(room_id, e.type, e.state_key, e.event_id, e.sender, _encode(e.content)) for e in events],
            )
        changed = set(self._changed)
        self._changed = {}
        return changed

    def _load(self) -> None:
        for room_id, membership, encryption, unread, activity, sealed in self._db.execute(
            "SELECT * FROM rooms"
        ):
            content = None if encryption is None else _content(encryption)
            self._rooms[room_id] = RoomState(
                room_id, Membership(membership), content, unread, activity, bool(sealed)
            )
        query = "SELECT room_id, type, state_key, event_id, sender, content FROM room_state"
        for room_id, type, state_key, event_id, sender, content in self._db.execute(query):
            self._rooms[room_id].state[type, state_key] = StateEvent(
                type=type,
                state_key=state_key,
                sender=sender,
                event_id=event_id,
                content=_content(content),
            )
