"""Runs the bridge: the HTTP API, and beside it the bot that finishes what is not delivered yet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from aiohttp import web

from bridge.api.application import make_application
from bridge.api.call import ApiSettings, Service
from bridge.api.health import Health, HealthStatus
from bridge.api.rate_limit import Rate
from bridge.api.schema import api_schema
from bridge.court import CourtBot
from bridge.errors import CannotServe, IssueInterrupted
from bridge.issuing import Issuing
from bridge.webhooks.dispatcher import Dispatcher
from bridge.webhooks.schema import webhook_schema
from client.session.owned_tasks import OwnedTasks
from client.session.store.vault import migrate
from policies.errors import RogatoryError

_log = logging.getLogger(__name__)

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


async def serve(
    bot: CourtBot,
    host: str,
    port: int,
    ready: Callable[[str], None],
    *,
    resume_every: float = 5.0,
    names: Sequence[str] = (),
    rate: Rate = Rate(),  # noqa: B008 # frozen
) -> None:
    """Serve until SIGTERM or SIGINT, then stop gracefully.

    `ready` is called with the API's URL once it answers; port 0 takes a free one. Every `resume_every`
    seconds the bot goes on with what is not delivered. `names` are values of the Host header under which it
    is called beside the address itself, and `rate` is how often one token may call. Raises RegisterDamaged
    before anything is served, CannotServe, and what ends the bot.
    """
    _check_address(host, names)
    bot.register.verify_chain()
    for schema in (api_schema, webhook_schema):
        migrate(bot.register.database, schema, bot.register.path)
    health = Health()
    hosts = {name.lower() for name in names}
    with _stop_signal() as stopping, _one_error():
        async with asyncio.TaskGroup() as group, OwnedTasks() as issues:
            service = Service(bot.register, Issuing(bot, issues), health, ApiSettings(hosts=hosts, rate=rate))
            async with _listening(make_application(service), host, port) as (url, bound):
                hosts |= _own_names(host, bound)
                ready(url)
                running = [
                    group.create_task(_keep_resuming(bot, health, resume_every)),
                    group.create_task(bot.following.run()),
                    group.create_task(Dispatcher(bot.register).run()),
                ]
                await stopping.wait()
                for task in running:
                    task.cancel()


def _check_address(host: str, names: Sequence[str]) -> None:
    """Refuse an address that others can reach, unless it is said by which name they do."""
    if host not in _LOOPBACK and not names:
        raise CannotServe(
            f"The bridge does not listen on {host} as it is.",
            why="Whoever reaches that address could send it tokens in the clear.",
            remedy="Put a proxy with TLS before it, and say by which name it is called: --allow-host NAME.",
        )


def _own_names(host: str, port: int) -> set[str]:
    own = ("127.0.0.1", "localhost", "[::1]") if host in _LOOPBACK else (host,)
    return {f"{name}:{port}" for name in own}


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
async def _listening(application: web.Application, host: str, port: int) -> AsyncIterator[tuple[str, int]]:
    """Listen, and yield the URL and the port."""
    runner = web.AppRunner(application, access_log=None, logger=_http_log())
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
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound}", bound
    finally:
        await runner.cleanup()


def _http_log() -> logging.Logger:
    """Return the server's own log, without the errors' texts: they quote headers, and so a token."""
    log = logging.getLogger(f"{__name__}.http")

    def without_text(record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True

    log.filters = [without_text]
    return log


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
