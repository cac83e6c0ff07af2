"""The session as seen from a second process: every call goes to the process that holds the store."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from client.session.errors import CannotVerify, FileUnusable, SessionError, StoreHeld
from client.session.events import (
    Content,
    OwnDevice,
    Progress,
    RoomMember,
    RoomSummary,
    SavedFile,
    SearchHit,
    SentEvent,
    TimelineEvent,
    Update,
)
from client.session.identity_status import IdentityStatus
from client.session.local.local_socket import socket_path
from client.session.owned_tasks import OwnedTasks
from client.session.recovery.state import RecoveryState
from client.session.remote_wire import LONGEST_LINE, Answer, Ask, WireUpdate, unpack_failure, write_line
from client.session.secret import Secret, hidden
from client.session.verification import Verification
from policies.trust.attestation import Attestation

_Result = TypeVar("_Result")


@contextlib.asynccontextmanager
async def connected_session(user_id: str, wanted: Path) -> AsyncIterator[RemoteSession]:
    """Connect to the process that holds the session. Raises ConnectionError or FileNotFoundError."""
    reader, writer = await asyncio.open_unix_connection(socket_path(wanted), limit=LONGEST_LINE)
    session = RemoteSession(user_id, writer)
    try:
        async with OwnedTasks() as tasks:
            tasks.begin(session.read(reader))
            yield session
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class RemoteSession:
    """Implements `face.Session` over the holder's socket."""

    def __init__(self, user_id: str, writer: asyncio.StreamWriter) -> None:
        self._user_id = user_id
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[Answer]] = {}
        self._lost = False

    @property
    def user_id(self) -> str:
        """The account's full user id."""
        return self._user_id

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Hand every answer to whom it is for, until the holder is gone."""
        try:
            while line := await reader.readline():
                answer = msgspec.json.decode(line, type=Answer)
                if answer.id in self._waiting:
                    self._waiting[answer.id].put_nowait(answer)
        except (ConnectionError, msgspec.DecodeError, ValueError):
            pass  # told below to everyone who waits
        finally:
            self._lost = True
            for number, queue in self._waiting.items():
                queue.put_nowait(Answer(id=number, failure=None, result=_GONE))

    async def rooms(self) -> Sequence[RoomSummary]:
        """See `face.Session.rooms`."""
        return await self._ask("rooms", list[RoomSummary])

    async def members(self, room_id: str) -> Sequence[RoomMember]:
        """See `face.Session.members`."""
        return await self._ask("members", list[RoomMember], room_id=room_id)

    async def timeline(
        self, room_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[TimelineEvent]:
        """See `face.Session.timeline`."""
        return await self._ask("timeline", list[TimelineEvent], room_id=room_id, before=before, limit=limit)

    async def search(self, query: str, *, limit: int = 20, before: int | None = None) -> Sequence[SearchHit]:
        """See `face.Session.search`."""
        return await self._ask("search", list[SearchHit], query=query, limit=limit, before=before)

    async def draft(self, room_id: str) -> str:
        """See `face.Session.draft`."""
        return await self._ask("draft", str, room_id=room_id)

    async def set_draft(self, room_id: str, text: str) -> None:
        """See `face.Session.set_draft`."""
        await self._ask("set_draft", msgspec.Raw, room_id=room_id, text=text)

    async def join(self, room: str, *, via: Sequence[str] = ()) -> str:
        """See `face.Session.join`."""
        return await self._ask("join", str, room=room, via=list(via))

    async def leave(self, room_id: str) -> None:
        """See `face.Session.leave`."""
        await self._ask("leave", msgspec.Raw, room_id=room_id)

    async def send(
        self,
        room_id: str,
        content: Content,
        *,
        type: str = "m.room.message",
        transaction_id: str | None = None,
    ) -> SentEvent:
        """See `session.OpenSession.send`."""
        return await self._ask(
            "send", SentEvent, room_id=room_id, content=content, type=type, transaction_id=transaction_id
        )

    async def send_file(
        self, room_id: str, path: Path, *, caption: str | None = None, progress: Progress | None = None
    ) -> SentEvent:
        """See `face.Session.send_file`. The holder gets the path and reads the file."""
        return await self._ask(
            "send_file", SentEvent, progress, room_id=room_id, path=_told(path), caption=caption
        )

    async def save_attachment(
        self,
        room_id: str,
        event_id: str,
        target: Path,
        *,
        replace: bool = False,
        progress: Progress | None = None,
    ) -> SavedFile:
        """See `face.Session.save_attachment`. The holder gets the path and writes the file."""
        return await self._ask(
            "save_attachment",
            SavedFile,
            progress,
            room_id=room_id,
            event_id=event_id,
            target=_told(target),
            replace=replace,
        )

    async def readers(self, room_id: str) -> frozenset[str]:
        """See `session.OpenSession.readers`."""
        return await self._ask("readers", frozenset[str], room_id=room_id)

    async def identity(self, user_id: str) -> IdentityStatus:
        """See `session.OpenSession.identity`."""
        return await self._ask("identity", IdentityStatus, user_id=user_id)

    async def accept_identity(self, user_id: str, *, master_key: str | None = None) -> None:
        """See `session.OpenSession.accept_identity`."""
        await self._ask("accept_identity", msgspec.Raw, user_id=user_id, master_key=master_key)

    async def seal(self, room_id: str) -> None:
        """See `session.OpenSession.seal`."""
        await self._ask("seal", msgspec.Raw, room_id=room_id)

    async def attestation(self, user_id: str) -> Attestation | None:
        """See `session.OpenSession.attestation`."""
        raw = await self._ask("attestation", msgspec.Raw, user_id=user_id)
        return msgspec.json.decode(raw, type=Attestation | None)

    async def attestations(self) -> Sequence[Attestation]:
        """See `face.Session.attestations`."""
        return await self._ask("attestations", list[Attestation])

    async def verify(self, user_id: str) -> Verification:  # noqa: ARG002 # part of the face
        """Refuse: the emoji are compared where the session is held. Raises CannotVerify."""
        raise _verify_there(self._user_id)

    def verification_requests(self) -> AsyncIterator[Verification]:
        """Refuse, as `verify` does. Raises CannotVerify."""
        raise _verify_there(self._user_id)

    async def recovery_state(self) -> RecoveryState:
        """See `face.Session.recovery_state`."""
        return await self._ask("recovery_state", RecoveryState)

    async def set_up_recovery(
        self, *, passphrase: str | Secret[str] | None = None, replace: bool = False
    ) -> str:
        """See `face.Session.set_up_recovery`."""
        passphrase = hidden(passphrase) if passphrase else None
        return await self._ask("set_up_recovery", str, passphrase=passphrase, replace=replace)

    async def recover(
        self, *, recovery_key: str | Secret[str] | None = None, passphrase: str | Secret[str] | None = None
    ) -> RecoveryState:
        """See `face.Session.recover`."""
        recovery_key = hidden(recovery_key) if recovery_key else None
        passphrase = hidden(passphrase) if passphrase else None
        return await self._ask("recover", RecoveryState, recovery_key=recovery_key, passphrase=passphrase)

    async def reset_identity(
        self, *, password: str | Secret[str], passphrase: str | Secret[str] | None = None
    ) -> str:
        """See `face.Session.reset_identity`."""
        password, passphrase = hidden(password), hidden(passphrase) if passphrase else None
        return await self._ask("reset_identity", str, password=password, passphrase=passphrase)

    async def devices(self) -> Sequence[OwnDevice]:
        """See `face.Session.devices`."""
        return await self._ask("devices", list[OwnDevice])

    async def rename_device(self, device_id: str, name: str) -> None:
        """See `face.Session.rename_device`."""
        await self._ask("rename_device", msgspec.Raw, device_id=device_id, name=name)

    async def remove_device(self, device_id: str, *, password: str | Secret[str]) -> None:
        """See `face.Session.remove_device`."""
        password = hidden(password)
        await self._ask("remove_device", msgspec.Raw, device_id=device_id, password=password)

    async def new_events(self, *, reader: str = "listen") -> Sequence[TimelineEvent]:
        """See `session.OpenSession.new_events`."""
        return await self._ask("new_events", list[TimelineEvent], reader=reader)

    def updates(self) -> AsyncIterator[Update]:
        """See `face.Session.updates`. The following begins with this call, not with the first `anext`."""
        number, answers = self._begin("updates", {})
        return self._updates(number, answers)

    async def _updates(self, number: int, answers: asyncio.Queue[Answer]) -> AsyncIterator[Update]:
        try:
            while True:
                answer = await answers.get()
                if answer.result is _GONE or answer.last:
                    return
                packed = msgspec.json.decode(answer.result, type=WireUpdate)
                update = packed.event or packed.room or packed.connection
                if update is not None:
                    yield update
        finally:
            del self._waiting[number]

    async def _ask(
        self, method: str, kind: type[_Result], progress: Progress | None = None, /, **arguments: object
    ) -> _Result:
        number, answers = self._begin(method, arguments)
        try:
            await self._writer.drain()
            while not (answer := await answers.get()).last:
                if progress is not None:
                    progress(*msgspec.json.decode(answer.result, type=tuple[int, int | None]))
        except ConnectionError:
            raise _holder_gone(self._user_id) from None
        finally:
            del self._waiting[number]
        if answer.result is _GONE:
            raise _holder_gone(self._user_id)
        if answer.failure is not None:
            raise unpack_failure(answer.failure)
        return msgspec.json.decode(answer.result, type=kind)

    def _begin(self, method: str, arguments: dict[str, object]) -> tuple[int, asyncio.Queue[Answer]]:
        """Ask, and return the number of the question and where its answers come."""
        if self._lost:
            raise _holder_gone(self._user_id)
        number = next(self._numbers)
        answers = self._waiting[number] = asyncio.Queue[Answer]()
        packed = {
            name: msgspec.Raw(msgspec.json.encode(value.reveal() if isinstance(value, Secret) else value))
            for name, value in arguments.items()
        }
        write_line(self._writer, Ask(id=number, method=method, arguments=packed))
        return number, answers


_GONE = msgspec.Raw(b"false")


def _told(path: Path) -> str:
    """Return a path as the holder must get it: it may work in another folder. Raises FileUnusable."""
    text = str(path.absolute())
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FileUnusable(
            f"The path {text.encode(errors='replace').decode()} cannot be used from here.",
            why="Its name is not UTF-8, and another process holds the session.",
            remedy="Rename it, or end that process first.",
        ) from None
    return text


def _verify_there(user_id: str) -> SessionError:
    return CannotVerify(
        "Nobody can be verified from here.",
        why=f"Another process holds the session of {user_id}.",
        remedy="End that process, verify, and start it again.",
    )


def _holder_gone(user_id: str) -> SessionError:
    return StoreHeld(
        f"The process that held the session of {user_id} has ended.",
        why="It closed the connection.",
        remedy="Run the command again; it will open the session itself.",
    )
