"""Sending: durable, in order within a room, exactly once, over a kill -9 or a homeserver that is down.

A message is a row before anything else happens. Its ciphertext is stored with the ratchet that made it, and
its transaction id never changes, so the server takes a repetition for what it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

import msgspec

from client.session.attachments.file_message import at_address, has_address
from client.session.attachments.waiting import WaitingFiles
from client.session.crypto.machine import Machine
from client.session.crypto.verification.messages import is_verification
from client.session.errors import (
    HomeserverRefused,
    HomeserverUnreachable,
    LimitExceeded,
    LoggedOut,
    NotEncrypted,
    SessionError,
    StoreError,
    UnknownRoom,
)
from client.session.events import Content, Membership, QueuedMessage, SentEvent
from client.session.outbox_errors import discarded, is_no_answer, refused, unknown_message
from client.session.progress import Progress
from client.session.room_state import RoomState
from client.session.store.outbox_store import OutboxRow, OutboxStore
from client.session.store.room_store import RoomStore
from client.session.store.sqlcipher import Database
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer

_log = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_MOST_FAILURES = 10
"""Times that the server may fail over one message (500) before it is given up and the next one is sent."""
_LONGEST_LIMITED = 600.0
"""Seconds that a message waits for a server that limits the rate (429) before it is given up."""
FLEETING = "verification-"
"""Transaction ids that begin so are of messages that are worth nothing to a later process."""

_WAITS = "The message waits in the outbox; do not send it again."
_NOT_TAKEN = "The message was not taken."


class _EventId(msgspec.Struct):
    event_id: str


class Outbox:
    """The outbox of an open session.

    `begin_task` starts work in the session's own task group; `changed` is called with the id of a room whose
    queue is another.
    """

    def __init__(
        self,
        db: Database,
        transport: Transport,
        machine: Machine,
        rooms: RoomStore,
        files: WaitingFiles,
        begin_task: Callable[[Coroutine[None, None, None]], object],
        progress: Progress,
        changed: Callable[[str], None],
    ) -> None:
        self._db = db
        self._transport = transport
        self._machine = machine
        self._rooms = rooms
        self._files = files
        self._begin_task = begin_task
        self._progress = progress
        self._changed = changed
        self._store = OutboxStore(db)
        self._draining: set[str] = set()
        self._told_to_wait = False
        self._stuck: set[str] = set()
        """Rooms whose first message waits for the server: what is behind it is to be seen too."""
        self._callers: dict[str, list[asyncio.Future[str]]] = {}

    def resume(self) -> None:
        """Go on with what an earlier process left."""
        self._store.forget(FLEETING)
        for room_id in self._store.rooms_waiting():
            self._drain_soon(room_id)

    async def send(self, room_id: str, content: Content, type: str, transaction_id: str | None) -> SentEvent:
        """Queue a message and wait until the server has it; cancelled, the message stays queued."""
        return await self.sent(self.put(room_id, content, type, transaction_id))

    def put(
        self,
        room_id: str,
        content: Content,
        type: str,
        transaction_id: str | None,
        *,
        waiting: str | None = None,
    ) -> OutboxRow:
        """Queue a message for `sent`; `waiting` is what its file is called until it has been uploaded."""
        self.check(room_id)
        try:
            return self._store.put(room_id, type, content, transaction_id, waiting)
        except StoreError as error:
            raise _about(_NOT_TAKEN, error) from None

    def waiting_files(self) -> frozenset[str]:
        """Return what the files of the messages are called that the server has not accepted."""
        return self._store.waiting_files()

    def queued(self) -> list[QueuedMessage]:
        """Return the messages that the server has not accepted, oldest first."""
        return [
            message for message in self._store.unsent() if not message.transaction_id.startswith(FLEETING)
        ]

    async def send_again(self, transaction_id: str) -> SentEvent:
        """Send a message that could not be sent. Raises UnknownMessage, and what `send` raises."""
        row = self._store.queue_again(transaction_id)
        if row is None:
            raise unknown_message(transaction_id)
        self._changed(row.room_id)
        return await self.sent(row)

    def discard(self, transaction_id: str) -> None:
        """Drop a message that was not sent; whoever waits for it is told. Raises UnknownMessage."""
        row = self._store.discard(transaction_id)
        if row is None:
            raise unknown_message(transaction_id)
        self._files.remove(row.waiting)
        self._tell(row, discarded())
        self._changed(row.room_id)

    async def sent(self, row: OutboxRow) -> SentEvent:
        """Wait until the server has a queued message; cancelled, it stays queued."""
        if row.event_id is not None:
            return SentEvent(room_id=row.room_id, event_id=row.event_id)
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._callers.setdefault(row.transaction_id, []).append(done)
        self._drain_soon(row.room_id)
        if row.room_id in self._stuck:
            self._changed(row.room_id)
        return SentEvent(room_id=row.room_id, event_id=await done)

    def check(self, room_id: str) -> None:
        """Raise UnknownRoom or NotEncrypted where nothing can be sent to a room."""
        self._room(room_id)

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
                    self._stuck.discard(room_id)
                except (LoggedOut, StoreError):
                    raise  # no fault of the message: it stays queued
                except SessionError as error:
                    self._give_up(row, error)
                else:
                    if event_id is not None:
                        self._store.sent(row, event_id)
                        self._files.remove(row.waiting)
                        self._tell(row, event_id)
                        self._changed(room_id)
        except LoggedOut as error:
            await self.tell_waiting(error)
        except StoreError as error:
            await self.tell_waiting(error)
            raise
        finally:
            self._draining.discard(room_id)

    def _give_up(self, row: OutboxRow, error: SessionError) -> None:
        """Keep a message that cannot be sent, with the reason, until a person decides about it."""
        told = refused(row.room_id, error) if isinstance(error, HomeserverRefused) else error
        if row.transaction_id.startswith(FLEETING):
            self._store.discard(row.transaction_id)
        else:
            what = "" if isinstance(told, HomeserverRefused) else f"{told.what} "
            self._store.failed(row, f"{what}{told.why}", told.remedy)
        self._tell(row, told)
        self._changed(row.room_id)

    async def _send_until_answered(self, row: OutboxRow) -> str | None:
        """Send a message, again where that may help; None when it was discarded meanwhile."""
        pause, failures = _FIRST_PAUSE, 0
        limited_until = asyncio.get_running_loop().time() + _LONGEST_LIMITED
        current: OutboxRow | None = row
        while current is not None:
            wait = pause
            try:
                if current.waiting is None or has_address(current.content):
                    return await self._send_once(current)
                current = await self._upload(current)
                continue
            except HomeserverUnreachable as error:
                _log.info("A message waits in the outbox: %s", error.why)
            except LimitExceeded as limit:
                wait = max(pause, limit.retry_after)
                if asyncio.get_running_loop().time() + wait > limited_until:
                    raise
            except HomeserverRefused as refusal:
                failures += not is_no_answer(refusal)
                is_refusal = 400 <= refusal.status < 500  # an answer that cannot be read is none
                if is_refusal or failures >= _MOST_FAILURES:
                    raise
                _log.info("A message waits in the outbox: %s", refusal.why)
            self._show_waiting(row.room_id)
            await self._progress.pause(wait)
            current = self._store.find(row.id)  # with its ciphertext, if it got as far
            pause = min(pause * 2, _LONGEST_PAUSE)
        return None

    async def _upload(self, row: OutboxRow) -> OutboxRow | None:
        """Upload a message's file and return the message as it is then; None when it was discarded."""
        self.check(row.room_id)
        self._show_waiting(row.room_id)
        address = await self._files.upload(str(row.waiting), row.content)
        self._store.uploaded(row, at_address(row.content, address))
        return self._store.find(row.id)

    def _show_waiting(self, room_id: str) -> None:
        """Let it be seen that a room's messages wait."""
        if room_id not in self._stuck:
            self._stuck.add(room_id)
            self._changed(room_id)

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

    async def tell_waiting(self, error: LoggedOut | StoreError) -> None:
        """Tell everyone whose message is queued that it stays so for now."""
        self._told_to_wait = self._told_to_wait or bool(self._callers)
        for transaction_id in tuple(self._callers):
            for caller in self._callers.pop(transaction_id):
                if not caller.done():
                    caller.set_exception(_about(_WAITS, error))
        await asyncio.sleep(0)  # they hear of it before an error of ours cancels them

    def last_words(self, error: StoreError) -> SessionError:
        """Return the error that ends the session, as whoever waits for a message is to be told it."""
        taken_back = error.what == _NOT_TAKEN
        return _about(_WAITS, error) if self._told_to_wait and not taken_back else error

    def _tell(self, row: OutboxRow, result: str | SessionError) -> None:
        self._tell_callers(row.transaction_id, result)

    def _tell_callers(self, transaction_id: str, result: str | SessionError) -> None:
        for caller in self._callers.pop(transaction_id, []):
            if caller.done():
                continue
            if isinstance(result, str):
                caller.set_result(result)
            else:
                caller.set_exception(result)


def _about(what: str, error: LoggedOut | StoreError) -> SessionError:
    """Return an error of the same kind that says what became of the message."""
    if isinstance(error, LoggedOut):
        return LoggedOut(what, why=error.why, remedy=error.remedy, status=error.status, errcode=error.errcode)
    why = error.why if error.what == what else f"{error.what} {error.why}"
    return type(error)(what, why=why, remedy=error.remedy)
