"""The attachments of an open session: files out, files in."""

from __future__ import annotations

from pathlib import Path

from client.session.attachments.file_message import file_content, read_file_message
from client.session.attachments.file_name import safe_file_name
from client.session.attachments.media import Media
from client.session.attachments.saving import IncomingFile
from client.session.attachments.sending import outgoing_file
from client.session.attachments.target import chosen_target
from client.session.attachments.unfinished import UnfinishedFiles
from client.session.errors import UnknownEvent
from client.session.events import SavedFile, SentEvent, TransferProgress
from client.session.outbox import Outbox
from client.session.store.sqlcipher import Database
from client.session.store.timeline import Timeline
from client.session.transport import MediaTransport, Transport


class Attachments:
    """What `face.Session` offers for files, in the process that holds the store."""

    def __init__(
        self, db: Database, transport: Transport, media: MediaTransport, outbox: Outbox, timeline: Timeline
    ) -> None:
        self._media = Media(transport, media)
        self._outbox = outbox
        self._timeline = timeline
        self._unfinished = UnfinishedFiles(db)

    def start(self) -> None:
        """Remove what an earlier process that was killed left unfinished."""
        self._unfinished.clear()

    async def send(
        self, room_id: str, path: Path, caption: str | None, progress: TransferProgress | None
    ) -> SentEvent:
        """See `face.Session.send_file`."""
        progress = progress or _untold
        self._outbox.check(room_id)
        with outgoing_file(path) as file:
            encrypted = await file.upload(self._media, progress)
            content = file_content(safe_file_name(path.name), file.size, encrypted, caption)
        progress(file.size, file.size)  # between this and the queue nothing can come
        return await self._outbox.send(room_id, content, "m.room.message", None)

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
