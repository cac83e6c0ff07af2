"""A proxy in front of a homeserver: it hands everything on, and misbehaves as a test tells it while it runs.

One stands before one client, ours or Element's, so that what is done to Alice is not done to Bob.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from yarl import URL

from tests.client.proxy.rules import PATIENCE, Answer, ConnectionCut, Request, Rule

_LARGEST = 2**28
_HANDED_ON = ("Authorization", "Content-Type")
_RuleKind = TypeVar("_RuleKind", bound=Rule)


@dataclass(frozen=True)
class Call:
    """A request that was handed on to the server, as it was then, and the status that came back."""

    request: Request
    status: int


class Proxy:
    """Use it as an asynchronous context manager; `url` is then what to give to the client."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._rules: list[Rule] = []
        self._port = 0
        self._changed = asyncio.Condition()
        self.received: list[Request] = []
        """Everything that the client sent, whatever became of it."""
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Proxy:
        self._client = ClientSession(timeout=ClientTimeout(total=None))
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            application, shutdown_timeout=0, handler_cancellation=True, access_log=None
        )
        await self._runner.setup()
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def cut(self) -> None:
        """Cut every connection, and refuse new ones, until `mend`."""
        await self._site.stop()
        for connection in list(self._runner.server.connections if self._runner.server else ()):
            if connection.transport is not None:
                connection.transport.abort()

    async def mend(self) -> None:
        """Listen (again), always at the same port."""
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    def add(self, rule: _RuleKind) -> _RuleKind:
        """Begin to apply a rule, around those that were added before it."""
        self._rules.append(rule)
        return rule

    def count(self, path: str, method: str | None = None) -> int:
        """Return how many requests with that in their path the server has answered."""
        return len(self.calls_to(path, method))

    def calls_to(self, path: str, method: str | None = None) -> list[Call]:
        """Return the requests with that in their path that the server has answered, in order."""
        return [
            call for call in self.calls if path in call.request.path and method in (None, call.request.method)
        ]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what went through here."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(holds)

    async def _handle(self, incoming: web.Request) -> web.Response:
        headers = {name: incoming.headers[name] for name in _HANDED_ON if name in incoming.headers}
        request = Request(incoming.method, incoming.raw_path, headers, await incoming.read())
        self.received.append(request)
        try:
            answer = await self._apply(tuple(self._rules), request)
        except ConnectionCut:
            if incoming.transport is not None:
                incoming.transport.abort()
            return web.Response(status=502)  # to nobody
        return web.Response(
            status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type}
        )

    async def _apply(self, rules: tuple[Rule, ...], request: Request) -> Answer:
        """Apply the last rule that fits around those before it, and at last ask the server."""
        while rules and not rules[-1].fits(request):
            rules = rules[:-1]
        if not rules:
            return await self._ask(request)
        return await rules[-1].apply(request, functools.partial(self._apply, rules[:-1]))

    async def _ask(self, request: Request) -> Answer:
        url = URL(self._upstream + request.target, encoded=True)
        try:
            async with self._client.request(
                request.method, url, data=request.body, headers=request.headers
            ) as response:
                answer = Answer(response.status, await response.read(), response.content_type)
        except ClientError:
            return Answer(502, b'{"errcode": "M_UNKNOWN", "error": "the server does not answer"}')
        async with self._changed:
            self.calls.append(Call(request, answer.status))
            self._changed.notify_all()
        return answer
