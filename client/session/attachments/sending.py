"""Sending a file: read, encrypted and uploaded a piece at a time, straight from where it lies.

Nothing of it is written anywhere. Until the upload is complete there is no message, so that whatever
interrupts it leaves nothing half sent: the homeserver has some bytes that nobody holds a key for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from client.session.attachments.encrypted_file import EncryptedFile
from client.session.attachments.file_cipher import FileEncryption
from client.session.attachments.file_name import shown_path
from client.session.attachments.media import Media
from client.session.errors import FileTooLarge, FileUnusable, HomeserverRefused, HomeserverUnreachable
from client.session.events import TransferProgress

PIECE = 256 * 1024
"""Bytes that are read, encrypted and sent at a time."""


@dataclass
class OutgoingFile:
    """An open file as it was when it was opened; `failure` is what went wrong while it was read."""

    path: Path
    size: int
    _file: BinaryIO
    _changed_at: int
    _done: int = 0
    failure: FileUnusable | None = None

    async def upload(self, media: Media, progress: TransferProgress) -> EncryptedFile:
        """Encrypt and upload the file, under a key of its own.

        Raises FileTooLarge, FileUnusable, and what the transport raises.
        """
        limit = await media.limit()
        if limit is not None and self.size > limit:
            raise FileTooLarge(
                f"The file {shown_path(self.path)} is too large to be sent.",
                why=f"It has {self.size} bytes, and the homeserver takes {limit} at the most.",
                remedy="Send it in parts, or ask who runs the homeserver to raise its limit.",
            )
        encryption = FileEncryption()
        try:
            server, media_id = await media.upload(self._pieces(encryption, progress), self.size)
        except HomeserverUnreachable:
            if self.failure is not None:  # the transport saw only that the pieces ended early
                raise self.failure from None
            raise
        if self._done < self.size:
            raise HomeserverRefused(
                f"The file {shown_path(self.path)} was not sent.",
                why=f"The homeserver answered after {self._done} of {self.size} bytes.",
                remedy="Try again; if it persists, ask who runs the homeserver.",
                status=200,
                errcode="M_UNKNOWN",
            )
        return encryption.file(server, media_id)

    async def _pieces(self, encryption: FileEncryption, progress: TransferProgress) -> AsyncIterator[bytes]:
        """Yield the ciphertext; `progress` hears of a piece once the next one is asked for."""
        while self._done < self.size:
            progress(self._done, self.size)
            piece = await asyncio.to_thread(self._next_piece, encryption, self.size - self._done)
            self._done += len(piece)
            yield piece

    def _next_piece(self, encryption: FileEncryption, remaining: int) -> bytes:
        try:
            piece = self._file.read(min(PIECE, remaining))
            last = len(piece) == remaining
            if not piece or (last and self._has_changed()):
                self.failure = _unusable(self.path, "It was changed while it was read.")
                raise self.failure
        except OSError as error:
            self.failure = _unusable(self.path, f"The system says: {error.strerror}.")
            raise self.failure from None
        return encryption.encrypt(piece)

    def _has_changed(self) -> bool:
        status = os.fstat(self._file.fileno())
        return (status.st_size, status.st_mtime_ns) != (self.size, self._changed_at)


@contextlib.contextmanager
def outgoing_file(path: Path) -> Iterator[OutgoingFile]:
    """Open the file at `path` to be sent. Raises FileUnusable unless it is a plain file that can be read."""
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 # Path.open has no opener; closed below
    except OSError as error:
        raise _unusable(path, f"The system says: {error.strerror}.") from None
    except ValueError:
        raise _unusable(path, "Its name has a zero byte.") from None
    with file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _unusable(path, "It is no plain file.")
        yield OutgoingFile(path, status.st_size, file, status.st_mtime_ns)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe to which nobody writes would hold us up for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _unusable(path: Path, why: str) -> FileUnusable:
    return FileUnusable(
        f"The file {shown_path(path)} cannot be sent.",
        why=why,
        remedy="See that the path is right and that this user may read the file, then send it again.",
    )
