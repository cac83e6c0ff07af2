"""Fetches the files of a case out of its room: each is known by the hash that was signed, not by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from client.session.attachments.file_name import safe_file_name
from client.session.attachments.file_summary import FileSummary, file_summary
from client.session.errors import AttachmentError, HomeserverRefused, HomeserverUnreachable
from client.session.events import TimelineEvent, Trust
from client.session.face import Session
from client.views.safe_text import single_line
from policies.requests.export.case_files import CaseFileName
from policies.requests.export.errors import CaseFileMissing

_PAGE = 200


class CaseFiles:
    """The files that a room's messages bring; `folder` is where each lies for a moment, decrypted."""

    def __init__(self, session: Session, room_id: str, folder: Path) -> None:
        self._session = session
        self._room_id = room_id
        self._folder = folder
        self._fetched: dict[str, bytes] = {}
        self._tried: set[str] = set()
        self._trouble = "No message of the room brings it."

    async def fetch(self, wanted: Sequence[CaseFileName]) -> dict[str, bytes]:
        """Return the contents of the files that are wanted, by hash.

        What the request only names may have gone another way, and is left out. Raises CaseFileMissing when
        a file of an answer is not to be had.
        """
        messages = await self._messages()
        hashes = {each.sha256 for each in wanted}
        for file in wanted:
            for event_id in _likely(file, messages):
                if file.sha256 in self._fetched:
                    break
                await self._try(event_id, hashes)
            if file.sha256 not in self._fetched and file.size is not None:
                raise CaseFileMissing(
                    f"The case was not exported: its file {single_line(file.name)} is not to be had.",
                    why=self._trouble,
                    remedy="Try again later. Without its files it can be exported with --without-files.",
                )
        return self._fetched

    async def _try(self, event_id: str, hashes: set[str]) -> None:
        """Fetch what one message brings, and keep it if it is a file of the case."""
        if event_id in self._tried:
            return
        self._tried.add(event_id)
        path = self._folder / "attachment"
        try:
            saved = await self._session.save_attachment(self._room_id, event_id, path, replace=True)
        except (AttachmentError, HomeserverRefused, HomeserverUnreachable) as error:
            self._trouble = f"{error.what} {error.why}"
            return
        try:
            if saved.sha256 in hashes:
                self._fetched[saved.sha256] = await asyncio.to_thread(path.read_bytes)
        finally:
            path.unlink()

    async def _messages(self) -> list[tuple[TimelineEvent, FileSummary]]:
        found: list[tuple[TimelineEvent, FileSummary]] = []
        before = None
        while page := await self._session.timeline(self._room_id, before=before, limit=_PAGE):
            for event in page:
                summary = file_summary(event.content) if event.type == "m.room.message" else None
                if summary is not None and event.trust is not Trust.MISMATCHED_SENDER:
                    found.append((event, summary))
            before = page[0].position
        return found


def _likely(file: CaseFileName, messages: Sequence[tuple[TimelineEvent, FileSummary]]) -> Iterator[str]:
    """Yield the messages that can bring a file, those first that call it so."""
    name = safe_file_name(file.name)
    fitting = [each for each in messages if file.size is None or each[1].size in (None, file.size)]
    own = [each for each in fitting if file.sender in (None, each[0].sender)]
    for event, summary in own:
        if summary.name == name:
            yield event.event_id
    for event, summary in own:
        if summary.name != name:
            yield event.event_id
