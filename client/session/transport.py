"""The transport seam: one call, made by the real HTTP client or by a fake in tests."""

from __future__ import annotations

from collections.abc import Mapping
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
