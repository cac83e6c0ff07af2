"""The transport seam: what the real HTTP client does, or a fake in tests: a call for JSON, two for files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from client.session.events import Json


class Transport(Protocol):
    """Sends one request to the account's homeserver."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        """Send a request and return the body of a successful answer.

        `path` begins with `/_matrix/` or `/_synapse/` and is already percent-encoded; `timeout` is in seconds
        for the whole call. Raises HomeserverUnreachable or a HomeserverRefused. A 429 is retried after the
        time the server asks for, within `timeout`; nothing else is retried.
        """


@dataclass(frozen=True)
class Download:
    """A file that is arriving: how many bytes the server announced, if it did, and their pieces in order."""

    size: int | None
    pieces: AsyncIterator[bytes]


class MediaTransport(Protocol):
    """Carries whole files to and from the account's homeserver, never more than a piece of one in memory.

    Each call lasts as long as bytes flow. Raises HomeserverUnreachable, also in the middle of a file, or a
    HomeserverRefused; nothing is retried.
    """

    async def upload(self, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        """Send `pieces`, together `size` bytes, and return the body of a successful answer."""

    def download(self, path: str) -> AbstractAsyncContextManager[Download]:
        """Begin to fetch a file. What comes is exactly the announced size, or the last piece raises."""
