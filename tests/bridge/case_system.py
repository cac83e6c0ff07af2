"""A small case-management system, as the Court has one: it submits drafts, and is told what becomes of them.

An example of a client of the bridge. It knows the API and Standard Webhooks and nothing of Rogatory: it tries
a submission again under the same key until it is answered, verifies each webhook by both of its signatures,
believes nothing that a webhook says beside "look there", and looks there.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from nacl.signing import VerifyKey
from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One webhook as it came: headers, body, and what it says."""

    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.body)
        return message

    @property
    def request_id(self) -> str:
        return str(self.said["data"]["request_id"])

    @property
    def sequence(self) -> int:
        return int(self.said["data"]["sequence"])

    def verify(self, public_key: str, secret: str) -> None:
        """Check both signatures: with the library of Standard Webhooks, and with Ed25519 alone."""
        Webhook(secret).verify(self.body, self.headers)
        signatures = dict(each.split(",") for each in self.headers["webhook-signature"].split(" "))
        signed = f"{self.message_id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = VerifyKey(base64.b64decode(public_key.removeprefix("whpk_")))
        key.verify(signed, base64.b64decode(signatures["v1a"]))


@dataclass
class Inbox:
    """Where webhooks arrive. `answer` decides the status of each; what it answers 2xx is taken."""

    answer: Callable[[Received], int] = lambda _: 204
    url: str = ""
    came: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    strayed: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(headers, await request.read())
        status = self.answer(received)
        async with self._changed:
            self.came.append(received)
            if 200 <= status < 300:
                self.taken.append(received)
            self._changed.notify_all()
        return web.Response(status=status, headers={"Location": f"{self.url}/elsewhere"})

    async def stray(self, _request: web.Request) -> web.Response:
        """Take what a redirection has led here."""
        self.strayed += 1
        return web.Response(status=204)

    async def until(self, enough: Callable[[Inbox], bool]) -> None:
        """Wait until enough has come; TimeoutError when it does not."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: enough(self))


@asynccontextmanager
async def listening(inbox: Inbox | None = None) -> AsyncIterator[Inbox]:
    """Receive webhooks on loopback until the block ends."""
    inbox = inbox or Inbox()
    application = web.Application()
    application.router.add_post("/hook", inbox.receive)
    application.router.add_route("*", "/elsewhere", inbox.stray)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        inbox.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield inbox
    finally:
        await runner.cleanup()


class CaseSystem:
    """Submits to the bridge at `url()`, which may be away, killed or busy, with one token."""

    def __init__(self, url: Callable[[], str], token: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = http

    async def submit(self, draft: dict[str, Any], key: str) -> str:
        """Submit a draft, again and again until it is answered, and return its id."""
        return str((await self._post_until_answered("", draft, key))["id"])

    async def step(self, request_id: str, verb: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Take a step in a request, again and again until it is answered, and return the answer."""
        return await self._post_until_answered(f"/{request_id}/{verb}", body, key)

    async def _post_until_answered(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        while True:
            try:
                return await self._post(path, body, key)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.05)

    async def _post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        async with self._http.post(
            f"{self._url()}/v1/requests{path}",
            json=body,
            headers={**self._headers, "Idempotency-Key": key},
            timeout=aiohttp.ClientTimeout(total=20),
        ) as answer:
            if answer.status in (429, 503):
                raise aiohttp.ClientConnectionError(f"busy: {answer.status}")
            if answer.status != 202:
                raise AssertionError(f"{answer.status}: {await answer.text()}")
            accepted: dict[str, Any] = await answer.json()
            return accepted

    async def look(self, request_id: str) -> dict[str, Any]:
        """Return a request as the bridge shows it."""
        async with self._http.get(f"{self._url()}/v1/requests/{request_id}", headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            shown: dict[str, Any] = await answer.json()
            return shown
