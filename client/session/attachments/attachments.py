"""The attachments of an open session: files out, now or once the homeserver answers, and files in."""

from __future__ import annotations

import contextlib
from pathlib import Path

from client.session.attachments.file_cipher import FileEncryption
from client.session.attachments.file_message import at_address, file_content, read_file_message
from client.session.attachments.file_name import safe_file_name
from client.session.attachments.media import Media
from client.session.attachments.saving import IncomingFile
from client.session.attachments.sending import OutgoingFile, outgoing_file
from client.session.attachments.target import chosen_target
from client.session.attachments.unfinished import UnfinishedFiles
from client.session.attachments.waiting import WaitingFiles
from client.session.errors import HomeserverRefused, HomeserverUnreachable, UnknownEvent, UnknownMessage
from client.session.events import Json, SavedFile, SentEvent, TransferProgress
from client.session.outbox import Outbox
from client.session.outbox_errors import is_no_answer
from client.session.progress import Progress
from client.session.store.sqlcipher import Database
from client.session.store.timeline import Timeline


class Attachments:
    """What `face.Session` offers for files, in the process that holds the store."""

    def __init__(
        self,
        db: Database,
        media: Media,
        waiting: WaitingFiles,
        outbox: Outbox,
        timeline: Timeline,
        progress: Progress,
    ) -> None:
        self._media = media
        self._waiting = waiting
        self._outbox = outbox
        self._progress = progress
        self._timeline = timeline
        self._unfinished = UnfinishedFiles(db)

    def start(self) -> None:
        """Remove what an earlier process that was killed left unfinished, or no message names."""
        self._unfinished.clear()
        self._waiting.clear(self._outbox.waiting_files())

    async def send(
        self,
        room_id: str,
        path: Path,
        *,
        caption: str | None,
        progress: TransferProgress | None,
        transaction_id: str | None,
    ) -> SentEvent:
        """See `face.Session.send_file`."""
        progress = progress or _untold
        self._outbox.check(room_id)
        if transaction_id is not None:
            with contextlib.suppress(UnknownMessage):
                return await self._outbox.send_again(transaction_id)
        name = safe_file_name(path.name)
        if self._progress.answers:
            try:
                with outgoing_file(path) as file:
                    content = await self._uploaded(file, name, caption, progress)
                return await self._outbox.send(room_id, content, "m.room.message", transaction_id)
            except (HomeserverUnreachable, HomeserverRefused) as error:
                if not is_no_answer(error):
                    raise
        with outgoing_file(path) as file:
            async with self._waiting.kept(file) as (waiting, key):
                content = file_content(name, file.size, key, caption)
                row = self._outbox.put(room_id, content, "m.room.message", transaction_id, waiting=waiting)
        with self._waiting.followed(waiting, progress):
            return await self._outbox.sent(row)

    async def _uploaded(
        self, file: OutgoingFile, name: str, caption: str | None, progress: TransferProgress
    ) -> dict[str, Json]:
        """Upload a file under a key of its own, and return the content of its message."""
        encryption = FileEncryption()
        address = await file.upload(self._media, encryption.encrypt, progress)
        return at_address(file_content(name, file.size, encryption.file_key(), caption), address)

    async def save(
        self, room_id: str, event_id: str, target: Path, *, replace: bool, progress: TransferProgress | None
    ) -> SavedFile:
        """See `face.Session.save_attachment`."""
        event = self._timeline.event(room_id, event_id)
        if event is None:
            raise UnknownEvent(
                f"There is no message {event_id} in {room_id}.",
                why="This account has not received it, or not in that room.",
                remedy="Take the id from `rogatory listen`.",
            )
        summary, file = read_file_message(event)
        chosen = chosen_target(target, summary.name, replace=replace)
        return await IncomingFile(summary, file).save(
            self._media, self._unfinished, chosen, progress or _untold
        )


def _untold(done: int, total: int | None) -> None:
    """Take note of nothing."""
