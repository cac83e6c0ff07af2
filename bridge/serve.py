"""Runs the bridge: the HTTP API, and beside it the bot that finishes what is not delivered yet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator

from aiohttp import web

from bridge.api.application import make_application
from bridge.api.health import Health, HealthStatus
from bridge.court import CourtBot
from bridge.errors import CannotServe, IssueInterrupted
from policies.errors import RogatoryError

_log = logging.getLogger(__name__)


async def serve(
    bot: CourtBot, host: str, port: int, ready: Callable[[str], None], *, resume_every: float = 5.0
) -> None:
    """Serve until SIGTERM or SIGINT, then stop gracefully.

    `ready` is called with the API's URL once it answers; port 0 takes a free one. Every `resume_every`
    seconds the bot goes on with what is not delivered. Raises RegisterDamaged before anything is served,
    CannotServe, and what ends the bot.
    """
    bot.register.verify_chain()
    health = Health()
    with _stop_signal() as stopping:
        async with _listening(make_application(health), host, port) as url:
            ready(url)
            with _one_error():
                async with asyncio.TaskGroup() as group:
                    resuming = group.create_task(_keep_resuming(bot, health, resume_every))
                    following = group.create_task(bot.following.run())
                    await stopping.wait()
                    resuming.cancel()
                    following.cancel()


async def _keep_resuming(bot: CourtBot, health: Health, pause: float) -> None:
    while True:
        try:
            await bot.resume()
        except IssueInterrupted as error:
            health.status = HealthStatus.DEGRADED
            _log.warning("%s", error)
        else:
            health.status = HealthStatus.OK
        await asyncio.sleep(pause)


@contextlib.asynccontextmanager
async def _listening(application: web.Application, host: str, port: int) -> AsyncIterator[str]:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise CannotServe(
                f"The bridge cannot listen on {host}:{port}.",
                why=f"{error.strerror or error}.",
                remedy="Give an address of this machine, and a port that no other program holds.",
            ) from None
        bound = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound}"
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def _stop_signal() -> Iterator[asyncio.Event]:
    """An event that is set by SIGTERM or SIGINT, which do nothing else meanwhile."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    caught = []
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: there the process is ended from outside
            loop.add_signal_handler(number, stopping.set)
            caught.append(number)
    try:
        yield stopping
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _one_error() -> Iterator[None]:
    """Let an error that ends the bot out of its task group as itself, so that it can be shown."""
    try:
        yield
    except BaseExceptionGroup as group:
        if not all(isinstance(error, RogatoryError) for error in group.exceptions):
            raise
        raise group.exceptions[0] from None  # of several tasks that the same thing ends, the first says why
