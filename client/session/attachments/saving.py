"""Saving a file that somebody sent: fetched, checked, decrypted, and only then given its name.

What arrives is written as it is, encrypted; once its hash is found right it is decrypted in its place. So
nothing unproven is ever in clear on the disk, and an arrival that is killed leaves ciphertext; killed in the
moment of decrypting, it leaves a file for its owner only, which the next opening of the session removes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import BinaryIO

from client.session.attachments.encrypted_file import EncryptedFile
from client.session.attachments.file_cipher import FileDecryption
from client.session.attachments.file_summary import FileSummary
from client.session.attachments.media import Media
from client.session.attachments.target import Target, unusable
from client.session.attachments.unfinished import UnfinishedFiles
from client.session.errors import AttachmentDamaged, FileTooLarge
from client.session.events import SavedFile, TransferProgress

LARGEST_UNANNOUNCED = 100 * 1024 * 1024
"""The most bytes that are fetched where the homeserver does not announce its limit."""
_PIECE = 256 * 1024


@dataclass(frozen=True)
class IncomingFile:
    """A file that a message brings, and how it was described."""

    summary: FileSummary
    file: EncryptedFile

    async def save(
        self, media: Media, unfinished: UnfinishedFiles, target: Target, progress: TransferProgress
    ) -> SavedFile:
        """Save the file as `target`. Whatever goes wrong, nothing of it stays there.

        Raises FileTooLarge, AttachmentDamaged, TargetExists, TargetUnusable, and what the transport raises.
        """
        limit = await media.limit()
        try:
            with unfinished.new(target.path.parent) as (path, part):
                size = await self._fetch(
                    media, part, LARGEST_UNANNOUNCED if limit is None else limit, progress
                )
                sha256 = await _decrypt_in_place(part, self.file)
                await asyncio.to_thread(_to_disk, part)
                target.place(path)
        except OSError as error:
            raise unusable(target.path, f"The system says: {error.strerror}.") from None
        return SavedFile(path=str(target.path), size=size, sha256=sha256)

    async def _fetch(self, media: Media, part: BinaryIO, limit: int, progress: TransferProgress) -> int:
        """Write the ciphertext into `part`, and return its size once its hash is found right."""
        sha256 = hashlib.sha256()
        done = 0
        async with media.download(self.file) as download:
            self._hold_to_limits(download.size or 0, limit)
            async for piece in download.pieces:
                done += len(piece)
                self._hold_to_limits(done, limit)
                await asyncio.to_thread(_take_in, part, sha256, piece)
                progress(done, download.size)
        if not hmac.compare_digest(sha256.digest(), self.file.sha256):
            raise AttachmentDamaged(
                f"{self.summary.name} was not saved.",
                why=f"The {done} bytes that the homeserver gave are not those that the sender encrypted.",
                remedy="Try again. If it persists, tell who runs the node, and ask for it another way.",
            )
        return done

    def _hold_to_limits(self, size: int, limit: int) -> None:
        said = self.summary.size
        if size > limit:
            why = f"It has {size} bytes or more, and at most {limit} are fetched."
        elif said is not None and size > said:
            why = f"It has {size} bytes or more, and its sender said {said}."
        else:
            return
        raise FileTooLarge(
            f"{self.summary.name} was not saved.", why=why, remedy="Ask its sender what the file is."
        )


async def _decrypt_in_place(part: BinaryIO, file: EncryptedFile) -> str:
    """Replace the ciphertext in `part` by the plaintext, and return the plaintext's hash in hexadecimal."""
    decryption = FileDecryption(file)
    position = 0
    while length := await asyncio.to_thread(_decrypt_piece, part, decryption, position):
        position += length
    return decryption.sha256()


# What runs in a thread takes the file's own lock; closing it, also when cancelled, waits for that.


def _take_in(part: BinaryIO, sha256: hashlib._Hash, piece: bytes) -> None:
    sha256.update(piece)
    part.write(piece)


def _decrypt_piece(part: BinaryIO, decryption: FileDecryption, position: int) -> int:
    part.seek(position)
    piece = part.read(_PIECE)
    if piece:
        part.seek(position)
        part.write(decryption.decrypt(piece))
    return len(piece)


def _to_disk(part: BinaryIO) -> None:
    part.flush()
    os.fsync(part.fileno())
    part.close()
