"""What a proxy does to the requests that it was told to mistreat, one way of it a class."""

from __future__ import annotations

import abc
import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

Object = dict[str, Any]
PATIENCE = 60.0
"""Seconds that a test waits for something to happen at a proxy: generous, for a machine under load."""


@dataclass(frozen=True)
class Request:
    """One request as it came: `target` is the path with its query, percent-encoded as it was sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path, percent-decoded: clients differ in what they encode."""
        return unquote(self.target.partition("?")[0])

    def json(self) -> Object:
        found: Object = json.loads(self.body)
        return found


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: str = "application/json"


class ConnectionCut(Exception):
    """The connection is cut, and no answer given."""


Forward = Callable[[Request], Awaitable[Answer]]
"""Hands a request on: to the next rule, and at last to the server."""


class Rule(abc.ABC):
    """One thing that is done to requests whose method and path fit, at most `times` times, until it ends.

    `path` is a part of the path. `count` says how often it was done: of a rule that rewrites, how often
    something was different after it.
    """

    def __init__(self, path: str, method: str | None = None, times: int | None = None) -> None:
        self._path = path
        self._method = method
        self._left = times
        self._done = asyncio.Condition()
        self.count = 0

    def end(self) -> None:
        """Do it no more."""
        self._left = 0

    def fits(self, request: Request) -> bool:
        return self._left != 0 and self._path in request.path and self._method in (None, request.method)

    async def apply(self, request: Request, forward: Forward) -> Answer:
        if self._left is not None:
            self._left -= 1
        return await self._act(request, forward)

    async def happened(self, count: int = 1) -> None:
        """Wait until it has been done that often."""
        async with asyncio.timeout(PATIENCE), self._done:
            await self._done.wait_for(lambda: self.count >= count)

    async def _note(self) -> None:
        async with self._done:
            self.count += 1
            self._done.notify_all()

    @abc.abstractmethod
    async def _act(self, request: Request, forward: Forward) -> Answer:
        """Do it to one request."""


class Refuse(Rule):
    """Answer with an error of a gateway; the server never sees the request."""

    async def _act(self, request: Request, forward: Forward) -> Answer:
        await self._note()
        return Answer(504, b'{"errcode": "M_UNKNOWN", "error": "the proxy refuses"}')


class Cut(Rule):
    """Cut the connection; the server never sees the request."""

    async def _act(self, request: Request, forward: Forward) -> Answer:
        await self._note()
        raise ConnectionCut


class LoseAnswer(Rule):
    """Let the server do it, then cut the connection in place of its answer."""

    async def _act(self, request: Request, forward: Forward) -> Answer:
        await forward(request)
        await self._note()
        raise ConnectionCut


class Delay(Rule):
    """Hand the request on after some seconds."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__(path)
        self._seconds = seconds

    async def _act(self, request: Request, forward: Forward) -> Answer:
        await self._note()
        await asyncio.sleep(self._seconds)
        return await forward(request)


class Hold(Rule):
    """Hold requests, or with `answers` what the server answered, `where` it fits, until they are released."""

    def __init__(
        self,
        path: str,
        method: str | None = None,
        *,
        answers: bool = False,
        where: Callable[[Answer], bool] = lambda _: True,
    ) -> None:
        super().__init__(path, method)
        self._answers = answers
        self._where = where
        self._released = asyncio.Event()

    def release(self) -> None:
        """Let go what is held, and hold no more."""
        self.end()
        self._released.set()

    async def _act(self, request: Request, forward: Forward) -> Answer:
        answer = await forward(request) if self._answers else None
        if answer is None or self._where(answer):
            await self._note()
            await self._released.wait()
        return await forward(request) if answer is None else answer


class RewriteRequest(Rule):
    """Change the JSON that goes to the server."""

    def __init__(self, path: str, change: Callable[[Object], Object]) -> None:
        super().__init__(path)
        self._change = change

    async def _act(self, request: Request, forward: Forward) -> Answer:
        changed = self._change(request.json())
        if changed != request.json():
            await self._note()
        return await forward(replace(request, body=json.dumps(changed).encode()))


class RewriteAnswer(Rule):
    """Change the JSON that the server answers with, where it answers well."""

    def __init__(self, path: str, change: Callable[[Object], Object]) -> None:
        super().__init__(path)
        self._change = change

    async def _act(self, request: Request, forward: Forward) -> Answer:
        answer = await forward(request)
        if answer.status != 200:
            return answer
        changed = self._change(json.loads(answer.body))
        if changed == json.loads(answer.body):
            return answer
        await self._note()
        return replace(answer, body=json.dumps(changed).encode())
