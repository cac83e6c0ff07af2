"""Files that wait for the homeserver: ciphertext on this disk, the key with the message in the store.

A file is whole on the disk before a message names it, and goes once that is sent or discarded. What a kill
leaves that no message names is removed when the session opens.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from client.session.attachments.encrypted_file import FileKey, MediaAddress
from client.session.attachments.file_cipher import FileEncryption
from client.session.attachments.file_message import ciphertext_hash
from client.session.attachments.file_summary import file_summary
from client.session.attachments.media import Media
from client.session.attachments.sending import OutgoingFile, outgoing_file
from client.session.errors import FileNotKept, FileUnusable
from client.session.events import Content, TransferProgress
from client.session.local.private_files import private_folder
from policies.trust.unpadded_base64 import unpadded_base64


@dataclass
class WaitingFiles:
    """The files of one account that wait, each under a random name in `folder`, 0600."""

    folder: Path
    _media: Media
    _followers: dict[str, TransferProgress] = field(default_factory=dict)

    def clear(self, named: Collection[str]) -> None:
        """Remove what no message names. Only the process that holds the store may call this."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.name not in named:
                    path.unlink(missing_ok=True)

    def remove(self, name: str | None) -> None:
        """Remove a file, if a message has one; where the disk is away the next opening does it."""
        if name is not None:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def kept(self, file: OutgoingFile) -> AsyncIterator[tuple[str, FileKey]]:
        """Encrypt a file into the folder, and give its name there for the block to put into a message.

        If the block raises the file is removed. Raises FileTooLarge, FileUnusable and FileNotKept.
        """
        file.hold_to(self._media.last_known_limit())
        name = secrets.token_hex(16)
        encryption = FileEncryption()
        try:
            try:
                private_folder(self.folder)
                with _new_file(self.folder / name) as part:
                    async for piece in file.pieces(encryption.encrypt, _untold):
                        await asyncio.to_thread(part.write, piece)
                    await asyncio.to_thread(_to_disk, part, self.folder)
            except OSError as error:
                raise FileNotKept(
                    f"The file {file.shown} was not sent.",
                    why="The homeserver does not answer, and the file cannot be kept here until it does:"
                    f" the system says: {error.strerror}.",
                    remedy="Make room on the disk, or wait for the homeserver; then send it again.",
                ) from None
            yield name, encryption.file_key()
        except BaseException:  # also when cancelled: removed, then raised again
            self.remove(name)
            raise

    async def upload(self, name: str, content: Content) -> MediaAddress:
        """Upload the file of a message whose content is `content`.

        Raises FileTooLarge, FileUnusable where it is not here as it was written, and what the transport
        raises.
        """
        path = self.folder / name
        sha256 = hashlib.sha256()

        def wanted(piece: bytes) -> bytes:
            path.stat()  # it is gone once the message is discarded: then no more of it leaves
            sha256.update(piece)
            return piece

        summary = file_summary(content)
        shown = summary.name if summary else name
        try:
            with outgoing_file(path, shown) as file:
                address = await file.upload(self._media, wanted, self._followers.get(name, _untold))
        except FileUnusable as error:
            raise _not_whole(shown, error.why) from None
        if unpadded_base64(sha256.digest()) != ciphertext_hash(content):
            raise _not_whole(shown, "It has changed there.")
        return address

    @contextlib.contextmanager
    def followed(self, name: str, progress: TransferProgress) -> Iterator[None]:
        """Tell `progress` of a file's upload, should it take place while the block runs."""
        self._followers[name] = progress
        try:
            yield
        finally:
            del self._followers[name]


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new 0600 file. Closing it waits for a thread that writes to it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _to_disk(part: BinaryIO, folder: Path) -> None:
    """See that the file, and that it is in its folder, outlasts a power cut."""
    part.flush()
    os.fsync(part.fileno())
    for each in (folder, folder.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _not_whole(shown: str, why: str) -> FileUnusable:
    return FileUnusable(
        f"The file {shown} was not sent.",
        why=f"What was kept of it until the homeserver answers is not whole. {why}",
        remedy="Discard this message, and send the file again.",
    )


def _untold(done: int, total: int | None) -> None:
    """Take note of nothing."""
