"""Sending: durable, in order within a room, exactly once, over a kill -9 or a homeserver that is down.

A message is a row before anything else happens. Its ciphertext is stored with the ratchet that made it, and
its transaction id never changes, so the server takes a repetition for what it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine

import msgspec

from client.session.crypto.machine import Machine
from client.session.crypto.verification.messages import is_verification
from client.session.errors import (
    HomeserverRefused,
    HomeserverUnreachable,
    LimitExceeded,
    NotEncrypted,
    SessionError,
    UnknownRoom,
)
from client.session.events import Content, Membership, SentEvent
from client.session.room_state import RoomState
from client.session.store.outbox_store import OutboxRow, OutboxStore
from client.session.store.room_store import RoomStore
from client.session.store.sqlcipher import Database
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer

_log = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class _EventId(msgspec.Struct):
    event_id: str


class Outbox:
    """The outbox of an open session.

    `begin_task` starts work in the session's own task group; `live` is set while the sync succeeds.
    """

    def __init__(
        self,
        db: Database,
        transport: Transport,
        machine: Machine,
        rooms: RoomStore,
        begin_task: Callable[[Coroutine[None, None, None]], object],
        live: asyncio.Event,
    ) -> None:
        self._db = db
        self._transport = transport
        self._machine = machine
        self._rooms = rooms
        self._begin_task = begin_task
        self._live = live
        self._store = OutboxStore(db)
        self._draining: set[str] = set()
        self._callers: dict[str, list[asyncio.Future[str]]] = {}

    def resume(self) -> None:
        """Go on with what an earlier process left."""
        for room_id in self._store.rooms_waiting():
            self._drain_soon(room_id)

    async def send(self, room_id: str, content: Content, type: str, transaction_id: str | None) -> SentEvent:
        """Queue a message and wait until the server has it; cancelled, the message stays queued."""
        self._room(room_id)
        row = self._store.put(room_id, type, content, transaction_id)
        if row.event_id is not None:
            return SentEvent(room_id=row.room_id, event_id=row.event_id)
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._callers.setdefault(row.transaction_id, []).append(done)
        self._drain_soon(row.room_id)
        return SentEvent(room_id=row.room_id, event_id=await done)

    def _drain_soon(self, room_id: str) -> None:
        if room_id not in self._draining:
            self._draining.add(room_id)
            self._begin_task(self._drain(room_id))

    async def _drain(self, room_id: str) -> None:
        """Send what a room has waiting, one after the other; at most one of these runs for a room."""
        try:
            while (row := self._store.waiting(room_id)) is not None:
                try:
                    event_id = await self._send_until_answered(row)
                except SessionError as error:
                    self._store.failed(row, error.what)
                    self._tell(row, error)
                else:
                    self._store.sent(row, event_id)
                    self._tell(row, event_id)
        finally:
            self._draining.discard(room_id)

    async def _send_until_answered(self, row: OutboxRow) -> str:
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._send_once(row)
            except (HomeserverUnreachable, LimitExceeded) as error:
                _log.info("A message waits in the outbox: %s", error.why)
            except HomeserverRefused as refusal:
                if refusal.status < 500:
                    raise
                _log.info("A message waits in the outbox: %s", refusal.why)
            await self._pause(pause)
            row = self._store.waiting(row.room_id) or row  # with its ciphertext, if it got as far
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until the homeserver can be reached again."""
        if self._live.is_set():
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._live.wait()

    async def _send_once(self, row: OutboxRow) -> str:
        sealed = row.sealed
        if sealed is None:
            room = self._room(row.room_id)
            rules = msgspec.structs.replace(room.rules, comparing=is_verification(row.type, row.content))
            session = await self._machine.sharing.shared_session(row.room_id, room.audience(), rules)
            with self._db.atomic():
                sealed = self._machine.outbound.encrypt(session, row.type, row.content)
                self._store.seal(row, sealed)
        else:
            await self._machine.queue.flush()
        path = f"{CLIENT}/rooms/{part(row.room_id)}/send/m.room.encrypted/{part(row.transaction_id)}"
        return read_answer(await self._transport.request("PUT", path, body=sealed), _EventId).event_id

    def _room(self, room_id: str) -> RoomState:
        room = self._rooms.get(room_id)
        if room is None or room.membership is not Membership.JOIN:
            raise UnknownRoom(
                f"This account is not in the room {room_id}.",
                why="It was never joined, or has been left.",
                remedy="See `rogatory rooms`; join it with `rogatory rooms --join ROOM`.",
            )
        if not room.encrypted:
            raise NotEncrypted(
                f"Nothing is sent to {room_id}.",
                why="The room is not known to be encrypted, and nothing leaves in plain text.",
                remedy="Use a room that is encrypted.",
            )
        return room

    def _tell(self, row: OutboxRow, result: str | SessionError) -> None:
        for caller in self._callers.pop(row.transaction_id, []):
            if caller.done():
                continue
            if isinstance(result, str):
                caller.set_result(result)
            else:
                caller.set_exception(result)
