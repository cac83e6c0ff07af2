"""A case system, a bridge that is killed again and again, a real homeserver: one request all the same."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from policies.requests.wire import CONTENT_KEY, verify_request
from tests.bridge.api_client import sample_body
from tests.bridge.case_system import CaseSystem, Inbox, listening
from tests.bridge.court_desk import CourtDesk, court_desk
from tests.bridge.served import serving
from tests.bridge.waiting import until
from tests.client.session.homeserver import Homeserver, free_port, running_synapse
from tests.client.session.people import next_event, opened

POSTS = 100
MOST_ANSWERS = 34
"""How many posts are answered at most before the next kill."""

pytestmark = [pytest.mark.synapse, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("bridge")) as server:
        yield server


async def killed_at_random(desk: CourtDesk, port: int, log: Path, ids: list[str]) -> int:
    """Keep a bridge there until all is answered, killed after some more answers; return how often."""
    chance = random.Random(4)  # noqa: S311 # no secret: when to kill
    kills, enough = 0, 0
    while len(ids) < POSTS:
        enough = min(POSTS, enough + chance.randint(0, MOST_ANSWERS))
        async with serving(desk, port, log):

            async def answered(enough: int = enough) -> bool:
                return len(ids) >= enough

            await until(answered, within=60)
            with suppress(TimeoutError):  # and then somewhere within one of the next posts
                async with asyncio.timeout(chance.uniform(0, 0.05)):
                    await asyncio.Event().wait()
        kills += 1
    return kills


async def hundred_times(system: CaseSystem, ids: list[str]) -> None:
    for _ in range(POSTS):
        ids.append(await system.submit(sample_body(), "one-key"))  # noqa: PERF401 # counted as they come


async def test_a_hundred_posts_are_one_request(homeserver: Homeserver, tmp_path: Path) -> None:
    """The same POST a hundred times while the bridge is killed: one id, one room, one event, all webhooks."""
    desk = await court_desk(homeserver, tmp_path, secrets.token_hex(4))
    run, log, port = desk.rogatory, tmp_path / "bridge.log", free_port()
    token = (await asyncio.to_thread(run.json, "bridge", "token", "add", "--scope", "submit,read"))["token"]
    async with listening() as inbox, aiohttp.ClientSession() as http:
        hook = await asyncio.to_thread(run.json, "bridge", "webhook", "add", f"{inbox.url}/hook")
        system = CaseSystem(lambda: f"http://127.0.0.1:{port}", token, http)
        ids: list[str] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(hundred_times(system, ids))
            killing = group.create_task(killed_at_random(desk, port, log, ids))
        assert killing.result() >= POSTS // MOST_ANSWERS
        [request_id] = set(ids)
        async with serving(desk, port, log):
            await inbox.until(told_of_delivery)
            shown = await system.look(request_id)
        assert shown["state"] == "delivered"
        for received in inbox.taken:
            received.verify(hook["public_key"], hook["secret"])
            assert received.request_id == request_id
        numbers = [received.sequence for received in inbox.taken]
        assert numbers == sorted(numbers)
        assert set(numbers) == set(range(1, numbers[-1] + 1))
    await read_by_the_focal_point(desk, request_id, shown)


def told_of_delivery(inbox: Inbox) -> bool:
    return any(received.said["data"]["kind"] == "delivered" for received in inbox.taken)


async def read_by_the_focal_point(desk: CourtDesk, request_id: str, shown: dict[str, Any]) -> None:
    """The focal point's session has one request, in one room, and its signature holds."""
    async with opened(desk.focal_point) as session:
        event = await next_event(session, lambda event: CONTENT_KEY in event.content)
        assert verify_request(event.content, room_id=event.room_id, manifest=desk.manifest).holds
        assert (event.room_id, event.event_id) == (shown["room_id"], shown["event_id"])
        requests = [
            each.event_id
            for room in await session.rooms()
            for each in await session.timeline(room.room_id)
            if CONTENT_KEY in each.content
        ]
        assert requests == [shown["event_id"]]
        named = [room for room in await session.rooms() if room.name == f"Request {request_id}"]
        assert len(named) == 1
