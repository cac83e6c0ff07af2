"""The homeserver's content repository (Matrix spec, "Content repository"): ciphertext in, ciphertext out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import msgspec

from client.session.attachments.encrypted_file import EncryptedFile, MediaAddress, read_address
from client.session.errors import HomeserverRefused, NotFound
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.transport import Download, MediaTransport, Transport
from client.session.wire import part, read_answer

_UPLOAD = "/_matrix/media/v3/upload"
_DOWNLOAD = "/_matrix/client/v1/media/download"
_CONFIG = "/_matrix/client/v1/media/config"


class _Uploaded(msgspec.Struct):
    content_uri: str


class _Limits(msgspec.Struct):
    size: int | None = msgspec.field(default=None, name="m.upload.size")


class Media:
    """The content repository as one account uses it."""

    def __init__(self, db: Database, transport: Transport, media: MediaTransport) -> None:
        self._facts = Facts(db)
        self._transport = transport
        self._media = media

    async def limit(self) -> int | None:
        """Return the most bytes that the homeserver says it takes for one file, None where it says nothing.

        Servers hold what they fetch from one another to the same limit.
        """
        limit = read_answer(await self._transport.request("GET", _CONFIG), _Limits).size
        if limit != self.last_known_limit():
            self._facts.put(Fact.UPLOAD_LIMIT, "" if limit is None else str(limit))
        return limit

    def last_known_limit(self) -> int | None:
        """Return what `limit` returned last, also to an earlier process, None if nothing."""
        stored = self._facts.text(Fact.UPLOAD_LIMIT)
        return int(stored) if stored else None

    async def upload(self, pieces: AsyncIterator[bytes], size: int) -> MediaAddress:
        """Store `size` bytes of ciphertext, and return where they are.

        The homeserver is told neither a name nor a type of file.
        """
        answer = await self._media.upload(_UPLOAD, pieces, size)
        url = read_answer(answer, _Uploaded).content_uri
        try:
            return read_address(url, "content_uri")
        except ValueError as error:
            raise HomeserverRefused(
                "The homeserver's answer to the upload cannot be used.",
                why=f"{error}.",
                remedy="Ask who runs the homeserver.",
                status=200,
                errcode="M_BAD_JSON",
            ) from None

    @contextlib.asynccontextmanager
    async def download(self, file: EncryptedFile) -> AsyncIterator[Download]:
        """Begin to fetch a file's ciphertext, from whichever server has it."""
        path = f"{_DOWNLOAD}/{part(file.address.server)}/{part(file.address.media_id)}"
        try:
            async with self._media.download(path) as download:
                yield download
        except NotFound as refusal:
            raise NotFound(
                "The file is not on the homeserver.",
                why=f"It answered {refusal.errcode}: the file was removed, or its server cannot be reached.",
                remedy="Try again later, or ask its sender to send it again.",
                status=refusal.status,
                errcode=refusal.errcode,
            ) from None
