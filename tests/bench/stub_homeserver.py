"""The homeserver as a stub at the transport seam: it answers at once; bodies are encoded as for the wire."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from client.session.events import Json

_encoder = msgspec.json.Encoder()


class StubTransport:
    """Implements `client.session.transport.Transport`: `answers` by the path's beginning, else `{}`."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.last_body = b""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        """Encode the body and answer."""
        self.last_body = _encoder.encode(body)
        return next((answer for begin, answer in self.answers.items() if path.startswith(begin)), b"{}")
