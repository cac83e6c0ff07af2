"""The real transport: matrix-nio's client as HTTP, and nothing else of it.

nio is imported when a transport is opened, not before: it costs half a second. Its loggers are silenced
first, for it logs what it cannot parse, decrypted content included.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

from client.session.errors import (
    HomeserverRefused,
    HomeserverUnreachable,
    LimitExceeded,
    LoggedOut,
    MessageTooLarge,
    NotAllowed,
    NotFound,
    SessionError,
)
from client.session.events import Json
from client.session.foreign_json import decode
from client.session.secret import Secret, hidden
from client.session.transport import Download

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from nio.client.async_client import AsyncClient

_LARGEST_ANSWER = 512 * 1024 * 1024
_LARGEST_REFUSAL = 64 * 1024
_PIECE = 256 * 1024
_MEDIA_PATIENCE = 120.0
"""Seconds without a byte after which a file's transfer is given up: a server fetches another's file first."""
_encoder = msgspec.json.Encoder()


class _Refusal(msgspec.Struct):
    errcode: str = "M_UNKNOWN"
    error: str = ""
    retry_after_ms: float = 0


class HttpTransport:
    """One account's way to its homeserver; implements `Transport` and `MediaTransport`.

    `homeserver_url` is https, or http on this machine itself (anything else is refused: fail closed).
    `access_token` goes into the Authorization header only. Use it as an asynchronous context manager.
    """

    def __init__(self, homeserver_url: str, access_token: str | Secret[str] | None) -> None:
        access_token = None if access_token is None else hidden(access_token)
        self._url = checked_homeserver_url(homeserver_url)
        self._headers = {"Content-Type": "application/json"}
        if access_token is not None:
            self._headers["Authorization"] = f"Bearer {access_token.reveal()}"
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
        data = None if body is None else Secret(_encoder.encode(body))
        body = None  # a body can hold a password, which no traceback shall show
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

    async def upload(self, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        """Send a file; see `MediaTransport.upload`."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with self._failures():
            async with asyncio.timeout(_MEDIA_PATIENCE) as patience:
                data = _prolonging(pieces, patience)
                response: ClientResponse = await self._client_or_refusal().send(
                    "POST", path, data, {**self._headers, **headers}, timeout=0
                )
                async with response:
                    await self._refuse_failure("POST", path, response)
                    return await response.read()

    @contextlib.asynccontextmanager
    async def download(self, path: str) -> AsyncIterator[Download]:
        """Begin to fetch a file; see `MediaTransport.download`."""
        # Unpacked by the way, a file could grow without bound before anybody counts it.
        headers = {**self._headers, "Accept-Encoding": "identity"}
        with self._failures():
            async with asyncio.timeout(_MEDIA_PATIENCE):
                response = await self._client_or_refusal().send("GET", path, None, headers, timeout=0)
                await self._refuse_failure("GET", path, response)
        try:
            yield Download(response.content_length, self._pieces(response))
        finally:
            response.close()  # a file that nobody wants to its end is not fetched to its end

    async def _pieces(self, response: ClientResponse) -> AsyncIterator[bytes]:
        while True:
            with self._failures():
                async with asyncio.timeout(_MEDIA_PATIENCE):
                    piece = await response.content.read(_PIECE)
            if not piece:
                return
            yield piece

    async def _refuse_failure(self, method: str, path: str, response: ClientResponse) -> None:
        if response.history:
            response.close()
            raise self._unreachable("The homeserver redirects elsewhere, which is not followed.")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise self._unreachable("The homeserver packs its answer, which was not asked for.")
        if response.status >= 300:
            short = 0 < (response.content_length or 0) <= _LARGEST_REFUSAL
            answer = await response.read() if short else b""
            response.close()
            raise _refused(method, path, response.status, _read_refusal(answer))

    async def _once(
        self, method: str, path: str, data: Secret[bytes] | None, timeout: float
    ) -> tuple[int, bytes]:
        with self._failures():
            async with asyncio.timeout(timeout):
                response = await self._client_or_refusal().send(
                    method, path, data and data.reveal(), dict(self._headers), timeout=timeout
                )
                async with response:
                    if response.history:
                        raise self._unreachable("The homeserver redirects elsewhere, which is not followed.")
                    answer = bytearray()
                    async for piece in response.content.iter_any():
                        answer += piece
                        if len(answer) > _LARGEST_ANSWER:
                            raise self._unreachable("Its answer is too large.")
                    return response.status, bytes(answer)

    def _client_or_refusal(self) -> AsyncClient:
        if self._client is None:
            raise SessionError(
                "The connection to the homeserver is not open.",
                why="The transport was used before it was entered or after it was left.",
                remedy="Open the session again.",
            )
        return self._client

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what goes wrong on the way into HomeserverUnreachable.

        The causes are dropped because aiohttp's exceptions can carry the request's headers.
        """
        from aiohttp import ClientError

        try:
            yield
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
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused_address(url, f"It is no address: {error}.") from None
    if not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise _refused_address(
            url, "It must be a host, with a port and a path where there are any, and no more."
        )
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return url.rstrip("/")
    raise _refused_address(url, "An access token must not travel unencrypted beyond this machine.")


def completed_homeserver_url(typed: str) -> str:
    """Return the address that a person has typed, checked: without a scheme it is https, or this machine's.

    Raises SessionError.
    """
    if "://" in typed:
        return checked_homeserver_url(typed)
    try:
        here = _is_loopback(urlsplit(f"//{typed}").hostname or "")
    except ValueError:
        here = False  # refused below, with its reason
    return checked_homeserver_url(f"{'http' if here else 'https'}://{typed}")


def _refused_address(url: str, why: str) -> SessionError:
    return SessionError(
        f"The homeserver address {url!r} is refused.", why=why, remedy="Give an https:// address."
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


async def _prolonging(pieces: AsyncIterator[bytes], patience: asyncio.Timeout) -> AsyncIterator[bytes]:
    """Pass pieces on; each that is asked for shows that the one before has left, and begins the wait anew."""
    async for piece in pieces:
        if not patience.expired():
            patience.reschedule(asyncio.get_running_loop().time() + _MEDIA_PATIENCE)
        yield piece


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
    elif status == 413 or refusal.errcode == "M_TOO_LARGE":
        kind, remedy = MessageTooLarge, "Send less at once."
    what = f"The homeserver refused {method.upper()} {path.split('?')[0]}."
    why = f"It answered {status} {refusal.errcode}: {refusal.error[:300]!r}."
    if status == 429:
        return LimitExceeded(
            what,
            why=why,
            remedy="Wait a while, then try again.",
            status=status,
            errcode=refusal.errcode,
            retry_after=refusal.retry_after_ms / 1000,
        )
    return kind(
        what,
        why=why,
        remedy=remedy,
        status=status,
        errcode=refusal.errcode,
    )
