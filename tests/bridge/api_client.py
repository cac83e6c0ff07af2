"""A real bridge, serving on loopback in this loop over a real register, and a plain HTTP client of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bridge.api.rate_limit import Rate
from bridge.api.schema import api_schema
from bridge.api.tokens import Scope, Tokens
from bridge.court import CourtBot
from bridge.serve import serve
from client.session.store.vault import migrate
from tests.bridge.fake_court import FakeServer, run_of_the_bot
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import FOCAL_POINT

FAST = Rate(per_second=1e6, burst=1_000_000)


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers, and the body, read as JSON where it is some."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The last part of the problem's type; fails for what is no problem."""
        assert self.headers["Content-Type"].startswith("application/problem+json")
        assert self.body["status"] == self.status
        return str(self.body["type"]).removeprefix("urn:rogatory:problem:")


class ApiClient:
    """Calls the API at `url`, with a token unless it is empty."""

    def __init__(self, url: str, http: aiohttp.ClientSession, token: str = "") -> None:
        self.url = url
        self._http = http
        self._token = token

    def with_token(self, token: str) -> ApiClient:
        return ApiClient(self.url, self._http, token)

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        data = raw if body is None else json.dumps(body).encode()
        sent = {} if data is None else {"Content-Type": "application/json"}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        async with self._http.request(
            method, self.url + path, data=data, headers={**sent, **(headers or {})}
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.text())

    async def get(self, path: str, **headers: str) -> Reply:
        return await self.call("GET", path, headers=headers)

    async def submit(self, body: object, key: str | None = None) -> Reply:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.call("POST", "/v1/requests", body=body, headers=headers)


@dataclass(frozen=True)
class Running:
    """The running bridge: a client without a token, the bot behind it, the fake homeserver behind that."""

    client: ApiClient
    bot: CourtBot
    server: FakeServer

    def token(self, *scopes: Scope) -> str:
        return Tokens(self.bot.register).add("test", scopes)[1].reveal()

    def as_(self, *scopes: Scope) -> ApiClient:
        return self.client.with_token(self.token(*scopes))


@asynccontextmanager
async def running_bridge(
    path: Path, server: FakeServer | None = None, *, rate: Rate = FAST
) -> AsyncIterator[Running]:
    """Serve the register at `path` until the block ends, then stop as a real signal does it."""
    server = server or FakeServer(able={FOCAL_POINT})
    bot = run_of_the_bot(path, server)
    migrate(bot.register.database, api_schema, path)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serve(bot, "127.0.0.1", 0, ready.set_result, resume_every=0.01, rate=rate))
        task.add_done_callback(lambda _: ready.done() or ready.cancel())
        async with aiohttp.ClientSession() as http:
            yield Running(ApiClient(await ready, http), bot, server)
        os.kill(os.getpid(), signal.SIGTERM)
    bot.register.close()


def sample_body(**common: object) -> dict[str, Any]:
    """The packaged sample as the API takes it; `common` replaces values of the common part."""
    body: dict[str, Any] = msgspec.to_builtins(sample_draft())
    body["common"] |= common
    return body
