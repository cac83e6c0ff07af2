"""Sending a file: read, encrypted and uploaded a piece at a time, straight from where it lies.

Nothing of it is written anywhere, unless the homeserver does not answer (see `waiting`). Until the upload is
complete there is no message, so that whatever interrupts it leaves nothing half sent: the homeserver has some
bytes that nobody holds a key for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from client.session.attachments.encrypted_file import MediaAddress
from client.session.attachments.file_name import shown_path
from client.session.attachments.media import Media
from client.session.errors import FileTooLarge, FileUnusable, HomeserverRefused, HomeserverUnreachable
from client.session.events import TransferProgress

PIECE = 256 * 1024
"""Bytes that are read, encrypted and sent at a time."""

Encrypt = Callable[[bytes], bytes]
"""Makes of each piece the one that leaves, as long as it; called in a thread, in order. May raise OSError."""


@dataclass
class OutgoingFile:
    """An open file as it was when it was opened; `failure` is what went wrong while it was read.

    `shown` is what it is called when something is said of it.
    """

    shown: str
    size: int
    _file: BinaryIO
    _changed_at: int
    _done: int = 0
    failure: FileUnusable | None = None

    def hold_to(self, limit: int | None) -> None:
        """Raise FileTooLarge if the homeserver takes fewer bytes."""
        if limit is not None and self.size > limit:
            raise FileTooLarge(
                f"The file {self.shown} is too large to be sent.",
                why=f"It has {self.size} bytes, and the homeserver takes {limit} at the most.",
                remedy="Send it in parts, or ask who runs the homeserver to raise its limit.",
            )

    async def upload(self, media: Media, encrypt: Encrypt, progress: TransferProgress) -> MediaAddress:
        """Encrypt and upload the file; `progress` hears of the last byte in the moment in which this returns.

        Raises FileTooLarge, FileUnusable, and what the transport raises.
        """
        self.hold_to(await media.limit())
        try:
            address = await media.upload(self.pieces(encrypt, progress), self.size)
        except HomeserverUnreachable:
            if self.failure is not None:  # the transport saw only that the pieces ended early
                raise self.failure from None
            raise
        if self._done < self.size:
            raise HomeserverRefused(
                f"The file {self.shown} was not sent.",
                why=f"The homeserver answered after {self._done} of {self.size} bytes.",
                remedy="Try again; if it persists, ask who runs the homeserver.",
                status=200,
                errcode="M_UNKNOWN",
            )
        progress(self.size, self.size)
        return address

    async def pieces(self, encrypt: Encrypt, progress: TransferProgress) -> AsyncIterator[bytes]:
        """Yield the ciphertext; `progress` hears of a piece once the next one is asked for."""
        while self._done < self.size:
            progress(self._done, self.size)
            piece = await asyncio.to_thread(self._next_piece, encrypt, self.size - self._done)
            self._done += len(piece)
            yield piece

    def _next_piece(self, encrypt: Encrypt, remaining: int) -> bytes:
        try:
            piece = self._file.read(min(PIECE, remaining))
            last = len(piece) == remaining
            if not piece or (last and self._has_changed()):
                self.failure = _unusable(self.shown, "It was changed while it was read.")
                raise self.failure
            return encrypt(piece)
        except OSError as error:
            self.failure = _unusable(self.shown, f"The system says: {error.strerror}.")
            raise self.failure from None

    def _has_changed(self) -> bool:
        status = os.fstat(self._file.fileno())
        return (status.st_size, status.st_mtime_ns) != (self.size, self._changed_at)


@contextlib.contextmanager
def outgoing_file(path: Path, shown: str | None = None) -> Iterator[OutgoingFile]:
    """Open the file at `path` to be sent. Raises FileUnusable unless it is a plain file that can be read."""
    shown = shown_path(path) if shown is None else shown
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 # Path.open has no opener; closed below
    except OSError as error:
        raise _unusable(shown, f"The system says: {error.strerror}.") from None
    except ValueError:
        raise _unusable(shown, "Its name has a zero byte.") from None
    with file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _unusable(shown, "It is no plain file.")
        yield OutgoingFile(shown, status.st_size, file, status.st_mtime_ns)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe to which nobody writes would hold us up for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _unusable(shown: str, why: str) -> FileUnusable:
    return FileUnusable(
        f"The file {shown} cannot be sent.",
        why=why,
        remedy="See that the path is right and that this user may read the file, then send it again.",
    )
