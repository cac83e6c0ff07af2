"""The session as seen from a second process: every call goes to the process that holds the store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from client.session.errors import FileUnusable
from client.session.events import (
    Content,
    Gap,
    Json,
    OwnDevice,
    QueuedMessage,
    RoomMember,
    RoomSummary,
    SavedFile,
    SearchHit,
    SentEvent,
    TimelineEvent,
    TransferProgress,
    Update,
)
from client.session.identity_status import IdentityStatus
from client.session.local.local_socket import socket_path
from client.session.new_events import Arrived, NewEvents
from client.session.owned_tasks import OwnedTasks
from client.session.recovery.state import RecoveryState
from client.session.remote_line import RemoteLine
from client.session.remote_verification import RemoteVerification, VerificationName, remote_requests
from client.session.remote_wire import LONGEST_LINE, WireUpdate
from client.session.secret import Secret, hidden
from client.session.verification import Verification
from policies.trust.attestation import Attestation


@contextlib.asynccontextmanager
async def connected_session(user_id: str, wanted: Path) -> AsyncIterator[RemoteSession]:
    """Connect to the process that holds the session. Raises ConnectionError or FileNotFoundError."""
    reader, writer = await asyncio.open_unix_connection(socket_path(wanted), limit=LONGEST_LINE)
    line = RemoteLine(user_id, writer)
    try:
        async with OwnedTasks() as tasks:
            tasks.begin(line.read(reader))
            yield RemoteSession(user_id, line)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class RemoteSession:
    """Implements `face.Session` over the holder's socket."""

    def __init__(self, user_id: str, line: RemoteLine) -> None:
        self._user_id = user_id
        self._line = line
        self._ask = line.ask
        self._ask_telling = line.ask_telling
        self._new_events = NewEvents(self._arrived)

    @property
    def user_id(self) -> str:
        """The account's full user id."""
        return self._user_id

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

    async def gaps(self, room_id: str) -> Sequence[Gap]:
        """See `face.Session.gaps`."""
        return await self._ask("gaps", list[Gap], room_id=room_id)

    async def join(self, room: str, *, via: Sequence[str] = ()) -> str:
        """See `face.Session.join`."""
        return await self._ask("join", str, room=room, via=list(via))

    async def invite(self, room_id: str, user_id: str) -> None:
        """See `face.Session.invite`."""
        await self._ask("invite", msgspec.Raw, room_id=room_id, user_id=user_id)

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
        self,
        room_id: str,
        path: Path,
        *,
        caption: str | None = None,
        progress: TransferProgress | None = None,
        transaction_id: str | None = None,
    ) -> SentEvent:
        """See `face.Session.send_file`. The holder gets the path and reads the file."""
        return await self._ask_telling(
            "send_file",
            SentEvent,
            progress,
            room_id=room_id,
            path=_told(path),
            caption=caption,
            transaction_id=transaction_id,
        )

    async def save_attachment(
        self,
        room_id: str,
        event_id: str,
        target: Path,
        *,
        replace: bool = False,
        progress: TransferProgress | None = None,
    ) -> SavedFile:
        """See `face.Session.save_attachment`. The holder gets the path and writes the file."""
        return await self._ask_telling(
            "save_attachment",
            SavedFile,
            progress,
            room_id=room_id,
            event_id=event_id,
            target=_told(target),
            replace=replace,
        )

    async def queued(self) -> Sequence[QueuedMessage]:
        """See `face.Session.queued`."""
        return await self._ask("queued", list[QueuedMessage])

    async def send_again(self, transaction_id: str) -> SentEvent:
        """See `face.Session.send_again`."""
        return await self._ask("send_again", SentEvent, transaction_id=transaction_id)

    async def discard(self, transaction_id: str) -> None:
        """See `face.Session.discard`."""
        await self._ask("discard", msgspec.Raw, transaction_id=transaction_id)

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

    async def signed_attestations(self) -> Sequence[Content]:
        """See `face.Session.signed_attestations`."""
        return await self._ask("signed_attestations", list[dict[str, Json]])

    async def sign_answer(self, answer: Content) -> Content:
        """See `face.Session.sign_answer`. The key stays with the holder."""
        return await self._ask("sign_answer", dict[str, Json], answer=answer)

    async def verify(self, user_id: str) -> Verification:
        """See `face.Session.verify`."""
        name = await self._ask("verify", VerificationName, user_id=user_id)
        return RemoteVerification(self._line, name)

    def verification_requests(self) -> AsyncIterator[Verification]:
        """See `face.Session.verification_requests`. The following begins with this call."""
        return remote_requests(self._line, self._line.stream("verification_requests", VerificationName))

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
        """See `face.Session.new_events`. What this process has taken is told to the holder."""
        return await self._new_events.next(reader)

    async def _arrived(self, reader: str, taken: int | None) -> Arrived:
        return await self._ask("arrived", Arrived, reader=reader, taken=taken)

    def updates(self) -> AsyncIterator[Update]:
        """See `face.Session.updates`. The following begins with this call, not with the first `anext`."""
        return _unpacked(self._line.stream("updates", WireUpdate))


async def _unpacked(updates: AsyncIterator[WireUpdate]) -> AsyncIterator[Update]:
    async for packed in updates:
        update = packed.event or packed.room or packed.connection
        if update is not None:
            yield update


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
