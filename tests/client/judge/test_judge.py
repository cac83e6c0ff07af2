"""Element's own crypto as the judge. It needs Node and, once, `npm install` in this folder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from client.session.events import Json, RoomCreation, Trust
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from tests.client.session.homeserver import Homeserver, Login, running_synapse
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

_HERE = Path(__file__).parent
pytestmark = [
    pytest.mark.synapse,
    pytest.mark.skipif(
        shutil.which("node") is None or not (_HERE / "node_modules").is_dir(),
        reason="needs Node, and `npm install` in tests/client/judge",
    ),
]


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


class Judge:
    """matrix-js-sdk in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def tell(self, **command: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def until(self, **wanted: object) -> dict[str, Any]:
        """Return the first line that has all of `wanted`."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if wanted.items() <= said.items():
                return said
        raise AssertionError("the judge has left")


@contextlib.asynccontextmanager
async def judge(homeserver: Homeserver, login: Login) -> AsyncIterator[Judge]:
    process = await asyncio.create_subprocess_exec(
        "node", "judge.mjs", cwd=_HERE, limit=2**24,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        found = Judge(process)
        found.tell(
            url=homeserver.url,
            user_id=login.user_id,
            device_id=login.device_id,
            access_token=login.access_token,
        )
        await found.until(ready=True)
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_elements_strictest_mode_reads_us_without_a_shield_and_we_read_it(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Our message, edit, reaction and custom field come to Element with no shield, and we read its own."""
    account, login = await enrolled(homeserver, tmp_path, "judge.alice")
    other = homeserver.register("judge.element")
    async with judge(homeserver, other) as element, opened(account) as alice:
        async with HttpTransport(homeserver.url, login.access_token) as transport:
            creation = RoomCreation(name="ROG", invite=(other.user_id,), initial_state=ENCRYPTED)
            room_id = await RoomRequests(transport).create_room(creation)
        updates = alice.updates()
        while await alice.readers(room_id) != {other.user_id}:
            await anext(updates)  # the invitation is not in the same sync as the room
        request: Json = {"v": 1, "id": "ROG-2026-7KQ4XM"}
        early = await alice.send(
            room_id, {"msgtype": "m.notice", "body": "before the join", "org.rogatory.request": request}
        )
        element.tell(join=room_id)
        read = await element.until(event_id=early.event_id, type="m.room.message")
        assert (read["failed"], read["shield"], read["content"]["org.rogatory.request"]) == (None, 0, request)
        edit = await alice.send(
            room_id,
            {
                "msgtype": "m.text",
                "body": "* edited",
                "m.new_content": {"msgtype": "m.text", "body": "edited"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": early.event_id},
            },
        )
        assert (await element.until(event_id=edit.event_id, failed=None))["shield"] == 0
        relation: Json = {"rel_type": "m.annotation", "event_id": early.event_id, "key": "+"}
        reaction = await alice.send(room_id, {"m.relates_to": relation}, type="m.reaction")
        assert (await element.until(event_id=reaction.event_id, type="m.reaction"))["shield"] == 0
        element.tell(send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "from Element"}})
        event = await next_event(alice, lambda event: event.body == "from Element")
        assert (event.sender, event.trust) == (other.user_id, Trust.PINNED)
