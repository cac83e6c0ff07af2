"""The real transport: matrix-nio's client as HTTP, and nothing else of it.

nio is imported when a transport is opened, not before: it costs half a second. Its loggers are silenced
first, for it logs what it cannot parse, decrypted content included.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

from client.session.errors import (
    HomeserverRefused,
    HomeserverUnreachable,
    LimitExceeded,
    LoggedOut,
    NotAllowed,
    NotFound,
    SessionError,
)
from client.session.events import Json
from client.session.foreign_json import decode

if TYPE_CHECKING:
    from nio.client.async_client import AsyncClient

_LARGEST_ANSWER = 512 * 1024 * 1024
_encoder = msgspec.json.Encoder()


class _Refusal(msgspec.Struct):
    errcode: str = "M_UNKNOWN"
    error: str = ""
    retry_after_ms: float = 0


class HttpTransport:
    """One account's way to its homeserver; implements `client.session.transport.Transport`.

    `homeserver_url` is https, or http on this machine itself (anything else is refused: fail closed).
    `access_token` goes into the Authorization header only. Use it as an asynchronous context manager.
    """

    def __init__(self, homeserver_url: str, access_token: str | None) -> None:
        self._url = checked_homeserver_url(homeserver_url)
        self._headers = {"Content-Type": "application/json"}
        if access_token is not None:
            self._headers["Authorization"] = f"Bearer {access_token}"
        self._client: AsyncClient | None = None

    def __repr__(self) -> str:
        return f"HttpTransport({self._url!r})"

    async def __aenter__(self) -> HttpTransport:
        self._client = _nio_client(self._url)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call] # nio annotates it not
            self._client = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        """Send one request; see `Transport.request`. A `path` may already carry a query."""
        if query:
            path = f"{path}{'&' if '?' in path else '?'}{urlencode(query)}"
        data = None if body is None else _encoder.encode(body)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            status, answer = await self._once(method, path, data, deadline - loop.time())
            if status < 300:
                return answer
            refusal = _read_refusal(answer)
            if status != 429:
                raise _refused(method, path, status, refusal)
            wait = max(refusal.retry_after_ms / 1000, 0.1)
            if loop.time() + wait >= deadline:
                raise _refused(method, path, status, refusal)
            await asyncio.sleep(wait)

    async def _once(self, method: str, path: str, data: bytes | None, timeout: float) -> tuple[int, bytes]:
        if self._client is None:
            raise SessionError(
                "The connection to the homeserver is not open.",
                why="The transport was used before it was entered or after it was left.",
                remedy="Open the session again.",
            )
        # The causes are dropped below because aiohttp's exceptions can carry the request's headers.
        from aiohttp import ClientError

        try:
            async with asyncio.timeout(timeout):
                response = await self._client.send(method, path, data, dict(self._headers), timeout=timeout)
                async with response:
                    if response.history:
                        raise self._unreachable("The homeserver redirects elsewhere, which is not followed.")
                    answer = bytearray()
                    async for piece in response.content.iter_any():
                        answer += piece
                        if len(answer) > _LARGEST_ANSWER:
                            raise self._unreachable("Its answer is too large.")
                    return response.status, bytes(answer)
        except TimeoutError:
            raise self._unreachable("No answer came in time.") from None
        except (ClientError, OSError) as error:
            raise self._unreachable(f"The connection failed ({type(error).__name__}).") from None

    def _unreachable(self, why: str) -> HomeserverUnreachable:
        return HomeserverUnreachable(
            f"The homeserver at {self._url} cannot be reached.",
            why=why,
            remedy="Check that it runs and that this machine is connected, then try again.",
        )


def checked_homeserver_url(url: str) -> str:
    """Return `url` without a trailing slash. Raises SessionError unless it is https or on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return url.rstrip("/")
    if parts.scheme == "http" and _is_loopback(host):
        return url.rstrip("/")
    raise SessionError(
        f"The homeserver address {url!r} is refused.",
        why="An access token must not travel unencrypted beyond this machine.",
        remedy="Give an https:// address.",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_client() -> None:
    """Import nio's client now: for whoever has half a second to spare before the first transport opens."""
    logger = logging.getLogger("nio")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    import nio.client.async_client  # noqa: F401 - only to have it loaded


def _nio_client(url: str) -> AsyncClient:
    load_client()
    from nio.client.async_client import AsyncClient, AsyncClientConfig

    return AsyncClient(url, config=AsyncClientConfig(encryption_enabled=False, store=None))


def _read_refusal(answer: bytes) -> _Refusal:
    try:
        return decode(answer, type=_Refusal)
    except msgspec.DecodeError:
        return _Refusal()


def _refused(method: str, path: str, status: int, refusal: _Refusal) -> HomeserverRefused:
    kind: type[HomeserverRefused] = HomeserverRefused
    remedy = "If it persists, ask who runs the homeserver."
    if status == 401 or refusal.errcode in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"):
        kind, remedy = LoggedOut, "Log in again with `rogatory login`."
    elif status == 403:
        kind, remedy = NotAllowed, "Ask a moderator, if you should be allowed."
    elif status == 404:
        kind, remedy = NotFound, "Check the name or the id."
    elif status == 429:
        kind, remedy = LimitExceeded, "Wait a while, then try again."
    call = f"{method.upper()} {path.split('?')[0]}"
    return kind(
        f"The homeserver refused {call}.",
        why=f"It answered {status} {refusal.errcode}: {refusal.error[:300]!r}.",
        remedy=remedy,
        status=status,
        errcode=refusal.errcode,
    )
