"""The bridge as a process: it answers, finishes what waits, and stops when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from importlib.metadata import version
from pathlib import Path

import aiohttp
import pytest

from bridge.court import CourtBot
from bridge.errors import CannotServe, RegisterDamaged
from bridge.serve import serve
from client.session.errors import HomeserverRefused, StoreError
from client.session.store.vault import open_vault
from tests.bridge.fake_court import KEY, FakeServer, run_of_the_bot
from tests.bridge.waiting import until
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import FOCAL_POINT


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(able=set())


@pytest.fixture
def bot(tmp_path: Path, server: FakeServer) -> CourtBot:
    return run_of_the_bot(tmp_path / "register.db", server)


class Serving:
    """A bridge that runs in this loop until it is told to stop by a real signal."""

    def __init__(self, bot: CourtBot, port: int = 0) -> None:
        self._url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(
            serve(bot, "127.0.0.1", port, self._url.set_result, resume_every=0.01)
        )

    async def url(self) -> str:
        async def ready_or_over() -> bool:
            return self._url.done() or self.task.done()

        await until(ready_or_over)
        if not self._url.done():
            await self.task
        return await self._url

    async def health(self) -> dict[str, str]:
        async with aiohttp.ClientSession() as http, http.get(f"{await self.url()}/healthz") as answer:
            assert answer.status == 200
            health: dict[str, str] = await answer.json()
            return health

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        os.kill(os.getpid(), number)
        async with asyncio.timeout(10):
            await self.task


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_answers_and_stops(bot: CourtBot, number: signal.Signals) -> None:
    """GET /healthz tells status and version; after a signal the port is free and the task has ended well."""
    serving = Serving(bot)
    assert await serving.health() == {"status": "ok", "version": version("rogatory")}
    await serving.stop(number)
    with pytest.raises(aiohttp.ClientConnectionError):
        await serving.health()
    bot.register.close()


async def test_it_finishes_what_is_not_delivered(bot: CourtBot, server: FakeServer) -> None:
    """A request whose addressee becomes able to read it is posted while the bridge serves."""
    await bot.issue(sample_draft(), [FOCAL_POINT], patience=0)
    serving = Serving(bot)
    await serving.url()
    server.able = {FOCAL_POINT}

    async def posted() -> bool:
        return bool(server.events)

    await until(posted)
    await serving.stop()
    assert len(server.events) == 1
    bot.register.close()


async def test_it_says_when_it_cannot_finish(bot: CourtBot, server: FakeServer) -> None:
    """While a request cannot be finished the bridge runs on and says degraded, and ok again afterwards."""
    server.invitation_fails = HomeserverRefused("No.", why="Down.", remedy="-", status=502, errcode="M_X")
    await bot.issue(sample_draft(), [FOCAL_POINT], patience=0)
    server.invitation_fails = HomeserverRefused("No.", why="Denied.", remedy="-", status=403, errcode="M_X")
    serving = Serving(bot)

    async def degraded() -> bool:
        return (await serving.health())["status"] == "degraded"

    async def well() -> bool:
        return (await serving.health())["status"] == "ok"

    await until(degraded)
    server.invitation_fails = None
    await until(well)
    await serving.stop()
    bot.register.close()


async def test_a_taken_port_is_named(bot: CourtBot) -> None:
    """A port that another program holds is refused by its number."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotServe, match=str(port)):
            await Serving(bot, port).url()
    bot.register.close()


async def test_a_damaged_register_is_not_served(tmp_path: Path, server: FakeServer) -> None:
    """With a broken chain the bridge does not start."""
    path = tmp_path / "register.db"
    bot = run_of_the_bot(path, server)
    await bot.issue(sample_draft(), [FOCAL_POINT], patience=0)
    db = open_vault(path, KEY)
    db.execute("DROP TRIGGER events_are_not_changed")
    db.execute("UPDATE events SET at = '2020-01-01T00:00:00Z' WHERE sequence = 1")
    db.close()
    with pytest.raises(RegisterDamaged, match="event 1"):
        await Serving(bot).url()
    bot.register.close()


async def test_what_ends_the_bot_comes_out_as_itself(bot: CourtBot, server: FakeServer) -> None:
    """An error that the loop cannot live with ends the bridge with that error, not with a group of it."""

    class Broken(type(bot.register)):  # type: ignore[misc] # a register whose disk is gone
        def requests(self, *, open_only: bool = False) -> tuple[()]:
            raise StoreError("The disk is gone.", why="It was pulled out.", remedy="Put it back.")

    bot.register.__class__ = Broken
    with pytest.raises(StoreError, match="pulled out"):
        await Serving(bot).task
    bot.register.close()
