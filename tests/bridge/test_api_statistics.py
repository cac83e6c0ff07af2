"""Statistics over the HTTP API: of ended years only, the same in each form, and never a State."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import aiohttp
import pytest
from aiohttp import web

from bridge.api.application import make_application
from bridge.api.call import ApiSettings, Service
from bridge.api.health import Health
from bridge.api.schema import api_schema
from bridge.api.tokens import Scope, Tokens
from bridge.issuing import Issuing
from bridge.register import Register
from bridge.register_event import EventKind
from client.session.owned_tasks import OwnedTasks
from client.session.store.vault import migrate
from tests.bridge.api_client import ApiClient
from tests.bridge.fake_court import KEY, FakeServer, run_of_the_bot
from tests.bridge.past_year import STATES, TITLE, Clock, answer, fill, intended

PATH = f"/v1/statistics/{TITLE}"


@dataclass(frozen=True)
class Api:
    """The API alone, without the bot, which would look for the rooms of all these requests."""

    client: ApiClient
    register: Register


@asynccontextmanager
async def api(path: Path, now: Clock) -> AsyncIterator[Api]:
    bot = run_of_the_bot(path, FakeServer(able=set()), now=now)
    migrate(bot.register.database, api_schema, path)
    hosts: set[str] = set()
    async with OwnedTasks() as tasks, aiohttp.ClientSession() as http:
        service = Service(bot.register, Issuing(bot, tasks), Health(), ApiSettings(hosts=hosts))
        runner = web.AppRunner(make_application(service), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hosts.add(f"127.0.0.1:{runner.addresses[0][1]}")
        token = Tokens(bot.register).add("test", [Scope.STATISTICS])[1].reveal()
        yield Api(ApiClient(f"http://{next(iter(hosts))}", http, token), bot.register)
        await runner.cleanup()
    bot.register.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Clock]:
    path, clock = tmp_path_factory.mktemp("year") / "register.db", Clock()
    with Register.open(path, KEY, now=clock) as register:
        register.database.execute("PRAGMA synchronous = off")
        fill(register, clock, 300)
    return path, clock


@pytest.fixture
def clock(filled: tuple[Path, Clock]) -> Clock:
    return Clock(filled[1].now)


@pytest.fixture
def path(filled: tuple[Path, Clock], tmp_path: Path) -> Path:
    return Path(shutil.copy(filled[0], tmp_path / "register.db"))


@pytest.fixture
async def client(path: Path, clock: Clock) -> AsyncIterator[ApiClient]:
    async with api(path, clock) as running:
        yield running.client


async def test_an_ended_year_as_json_csv_and_plot(client: ApiClient) -> None:
    """The list names the year; its three forms say the same, and none of them the code of a State."""
    assert (await client.get("/v1/statistics")).body == {"years": [TITLE]}
    shown = await client.get(PATH)
    assert shown.body["title"] == TITLE
    assert shown.body["total"]["counts"]["issued"] == 300
    assert {table["dimension"] for table in shown.body["tables"]} == {
        "region",
        "priority",
        "template",
        "organ",
    }
    table = await client.get(f"{PATH}/csv")
    assert table.headers["Content-Type"].startswith("text/csv")
    lines = {(each["dimension"], each["figure"], each["statistic"]): each["value"]
             for each in csv.DictReader(io.StringIO(table.text)) if each["dimension"] == "total"}  # fmt: skip
    assert lines["total", "issued", "count"] == "300"
    assert lines["total", "response_rate", "rate"] == str(shown.body["total"]["rates"]["response_rate"])
    plot = await client.get(f"{PATH}/svg?by=template&language=fr")
    assert plot.headers["Content-Type"].startswith("image/svg+xml")
    assert ElementTree.fromstring(plot.text).get("lang") == "fr"  # noqa: S314 - our own text
    everything = shown.text + table.text + plot.text
    assert not [state for state in STATES if re.search(rf"\b{state}\b", everything)]


@pytest.mark.parametrize("form", ["", "/csv", "/svg"])
@pytest.mark.parametrize(
    ("year", "why"),
    [("2020-2021", "subtracted"), ("2018-2019", "begins later"), ("2019-2021", "begins with month 9"),
     ("0000-0001", "begins with month 9"), ("x", "begins with month 9")],
    ids=["running", "before", "two-years", "zero", "no-year"],
)  # fmt: skip
async def test_another_year_is_refused_with_the_reason(
    client: ApiClient, year: str, why: str, form: str
) -> None:
    """A year that runs, or that is none, is a problem that says why, and what can be had."""
    refused = await client.get(f"/v1/statistics/{year}{form}")
    assert (refused.status, refused.problem) == (404, "year-not-published")
    assert why in refused.body["errors"][0]["reason"]
    known = "2019-2020" if why != "begins with month 9" else "Name it as"
    assert known in refused.body["detail"]


async def test_other_calls_are_answered_meanwhile(client: ApiClient) -> None:
    """While a report is made the bridge answers; calls at the same time get the same bytes."""
    reports = [asyncio.ensure_future(client.get(PATH)) for _ in range(5)]
    healthy = 0
    while not any(report.done() for report in reports):
        assert (await client.get("/healthz")).status == 200
        healthy += 1
    assert healthy > 1
    assert len({(await report).text for report in reports}) == 1


async def test_what_comes_later_leaves_it_as_it_was(path: Path, clock: Clock) -> None:
    """After more requests and answers a bridge that counts anew says the same to the byte."""
    async with api(path, clock) as running:
        before = await running.client.get(PATH)
        assert before.status == 200
        for number in range(20):
            running.register.append(EventKind.INTENDED, f"ROG-2020-{number:06}", intended(number, "SEN"))
            for kind, payload in answer(
                "UNABLE_NO_RESULT", {"steps_taken": "x"}, clock.now, f"$late{number}"
            ):
                running.register.append(kind, f"ROG-2019-{number:06}", payload)
    async with api(path, clock) as running:
        assert (await running.client.get(PATH)).text == before.text
