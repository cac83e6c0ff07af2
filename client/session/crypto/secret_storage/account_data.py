"""The account's own data on its homeserver: small objects by type (Matrix spec, "Client Config")."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from client.session.errors import NotFound
from client.session.events import Json
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer

_Content = TypeVar("_Content")


class AccountData:
    """Reads and writes the account data of `user_id`."""

    def __init__(self, transport: Transport, user_id: str) -> None:
        self._transport = transport
        self._user_id = user_id

    async def get(self, type: str, shape: type[_Content]) -> _Content | None:
        """Return the content of one type, or None where there is none. Raises what the transport raises."""
        try:
            raw = await self._transport.request("GET", self._path(type))
        except NotFound:
            return None
        # An emptied type reads as {}: the nearest that the API has to deleting.
        return None if raw.strip() == b"{}" else read_answer(raw, shape)

    async def put(self, type: str, content: msgspec.Struct | dict[str, Json]) -> None:
        """Replace the content of one type. Raises what the transport raises."""
        await self._transport.request("PUT", self._path(type), body=msgspec.to_builtins(content))

    def _path(self, type: str) -> str:
        return f"{CLIENT}/user/{part(self._user_id)}/account_data/{part(type)}"
