"""kill -9 of the process that serves the bridge, at random moments, while answers come."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from bridge.case_file import read_case_file
from bridge.register import Register
from bridge.register_event import EventKind
from client.views.case_messages import room_messages
from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.step import EVENT_KEY
from tests.bridge.answering import World, signed_answer_of, tracing, world
from tests.bridge.fake_court import KEY
from tests.bridge.waiting import until
from tests.client.session.homeserver import Homeserver, running_synapse
from tests.policies.trust.networks import OTP

pytestmark = pytest.mark.synapse

KILLS = 5
ANSWERS = 10


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("killed")) as server:
        yield server


@asynccontextmanager
async def serving(there: World) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bridge in its own process, ready; whatever happens it is killed at the end."""
    manifest, key = there.folder / "manifest", there.folder / "key"
    manifest.write_bytes(msgspec.json.encode(there.manifest))
    key.write_text(OTP.to_text())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bridge.following_process", str(there.folder / "court"),
        there.court.user_id, str(there.register_path), str(manifest), str(key),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert await process.stdout.readline(), "the bridge did not begin"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def events(there: World) -> int:
    with Register.open(there.register_path, KEY) as register:
        return sum(1 for _ in register.events())


async def test_killed_at_random_moments(homeserver: Homeserver, tmp_path: Path) -> None:
    """Nothing is lost and nothing is there twice: each answer is received, judged and acknowledged once, in
    the register and in the room, and the chain of the register is whole."""
    chance = random.Random(4)  # noqa: S311 - the moments of a test
    async with world(homeserver, tmp_path, "killed", "sen") as there:
        sen = there.people["sen"]
        async with there.bot() as bot:
            issued = await bot.issue(tracing(), [sen.user_id])

        async def has_joined() -> bool:
            return issued.room_id in {room.room_id for room in await sen.session.rooms()} and bool(
                await room_messages(sen.session, issued.room_id)
            )

        await until(has_joined, within=60)
        answered: list[str] = []

        async def answer() -> None:
            number = len(answered)
            details = {"sub_code": "OTHER", "question": f"{number}?", "proposed_solution": "Say."}
            content = await signed_answer_of(sen, issued.room_id, "CONSULT_97", details)
            answered.append((await sen.session.send(issued.room_id, content)).event_id)

        for _ in range(KILLS):
            for _ in range(ANSWERS // KILLS):
                await answer()
            moment = events(there) + chance.randrange(8)

            async def reached(moment: int = moment) -> bool:
                return events(there) >= moment

            async with serving(there) as process:
                await until(reached, within=60)
                process.kill()
        async with serving(there):

            async def finished() -> bool:
                with Register.open(there.register_path, KEY) as register:
                    file = read_case_file(register, issued.id, there.court.user_id)
                    history = [entry.code for entry in file.case(there.manifest).history]
                return history.count("ANSWER_RECEIVED") == ANSWERS and not file.unsent

            await until(finished, within=90)
        await assert_once_each(there, issued.id, issued.room_id, answered)


async def assert_once_each(there: World, request_id: str, room_id: str, answered: list[str]) -> None:
    with Register.open(there.register_path, KEY) as register:
        register.verify_chain()
        kinds = Counter(event.kind for event in register.events(request_id))
        received = [each.event_id for each in read_case_file(register, request_id, "").received]
        case = read_case_file(register, request_id, there.court.user_id).case(there.manifest)
    assert sorted(received) == sorted(answered)
    assert case.refused == ()
    assert (kinds[EventKind.RECEIVED], kinds[EventKind.JUDGED]) == (ANSWERS, ANSWERS)
    assert kinds[EventKind.STEP_SIGNED] == kinds[EventKind.STEP_POSTED] == ANSWERS + 1  # and DELIVERED
    session = there.people["sen"].session

    async def all_here() -> bool:
        posted = [each for each in await room_messages(session, room_id) if EVENT_KEY in each.content]
        return len(posted) >= ANSWERS + 1

    await until(all_here, within=60)
    messages = await room_messages(session, room_id)
    assert sum(ANSWER_KEY in each.content for each in messages) == ANSWERS
    assert sum(EVENT_KEY in each.content for each in messages) == ANSWERS + 1
