"""Sends what is due: at least once, in the order of each request, however often it is killed.

A slow or dead endpoint holds up nobody else: each message is sent in a task of its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence

import aiohttp

from bridge.register import Register
from bridge.webhooks.deliveries import Deliveries, Delivery
from bridge.webhooks.endpoints import Endpoints
from bridge.webhooks.signature import signature_headers
from client.session.local.lock import FileLock, Locked
from client.session.owned_tasks import OwnedTasks
from policies.trust.signing import SigningKey

_log = logging.getLogger(__name__)

PAUSES: tuple[float, ...] = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each new try (Standard Webhooks, "Retry schedule"); after the last it is a dead letter."""
_JITTER = 0.2
"""By how much of itself a pause is longer or shorter, so that many do not come back at the same moment."""
_SECONDS = 20.0
_AT_ONCE = 8
"""Messages on the way to one endpoint; a slow one has no more, and others have as many."""


class Dispatcher:
    """Sends the messages of one register. `poll` is how many seconds lie between two looks at the log."""

    def __init__(
        self,
        register: Register,
        *,
        poll: float = 0.25,
        pauses: Sequence[float] = PAUSES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = register.path.with_name(".webhooks.lock")
        self._deliveries = Deliveries(register)
        self._endpoints = Endpoints(register)
        self._poll = poll
        self._pauses = pauses
        self._clock = clock
        self._on_the_way: dict[int, str] = {}
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Send until cancelled. Of several processes one does, and another takes over when it ends."""
        while True:
            try:
                with FileLock(self._path):
                    await self._run()
            except Locked:
                await asyncio.sleep(self._poll)

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        jar = aiohttp.DummyCookieJar()
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=jar, trust_env=False) as http,
            OwnedTasks() as tasks,
        ):
            while True:
                self._over.clear()
                self._deliveries.make_out(self._clock())
                for endpoint in self._endpoints.all():
                    for delivery in self._due(endpoint.webhook_id):
                        self._on_the_way[delivery.delivery_id] = endpoint.webhook_id
                        tasks.begin(self._deliver(http, self._endpoints.key(), delivery))
                await self._wait()

    def _due(self, webhook_id: str) -> list[Delivery]:
        room = _AT_ONCE - sum(each == webhook_id for each in self._on_the_way.values())
        return self._deliveries.due(webhook_id, self._clock(), but=self._on_the_way, limit=room)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._over.wait()
        except TimeoutError:
            return

    async def _deliver(self, http: aiohttp.ClientSession, key: SigningKey, delivery: Delivery) -> None:
        try:
            failure = await self._send(http, key, delivery)
            if failure is None:
                self._deliveries.delivered(delivery.delivery_id)
            else:
                _log.info("A webhook was not taken: %s", failure)
                self._deliveries.failed(delivery.delivery_id, failure, self._next(delivery.attempts))
        finally:
            self._on_the_way.pop(delivery.delivery_id, None)
            self._over.set()

    def _next(self, attempts: int) -> float | None:
        """Return when to try again after one more attempt in vain, None when it was tried long enough."""
        if attempts >= len(self._pauses):
            return None
        spread = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 # no secret
        return self._clock() + self._pauses[attempts] * spread

    async def _send(self, http: aiohttp.ClientSession, key: SigningKey, delivery: Delivery) -> str | None:
        """Send a message; None once it is taken (2xx), else why not: without a word of the answer."""
        headers = signature_headers(
            delivery.message_id, int(self._clock()), delivery.body, key, delivery.secret
        )
        try:
            async with http.post(
                delivery.url,
                data=delivery.body,
                headers={**headers, "Content-Type": "application/json"},
                allow_redirects=False,
            ) as answer:
                return None if 200 <= answer.status < 300 else f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:  # ValueError: a URL aiohttp refuses
            return type(error).__name__
