from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from client.session.errors import CannotVerify
from client.session.holder import served
from client.session.remote import connected_session
from client.session.verification import Cancelled, Compare, Done, Step, Verification
from tests.client.session.fake_people import alice_and_bob

_PROCESS = "tests.client.session.asking_process"
_BOB = "@bob:b.test"


async def _last(verification: Verification) -> Step:
    return [step async for step in verification.steps()][-1]


async def test_an_asker_that_is_killed_cancels_its_verification(tmp_path: Path) -> None:
    """kill -9 of the asking process while the emoji are shown: the other side is told, and may ask again."""
    _, alice, bob = await alice_and_bob(tmp_path)
    wanted = tmp_path / "holder.sock"
    async with alice.session() as a, bob.session() as b, served(a, wanted):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _PROCESS, str(wanted), a.user_id, _BOB, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        asked = await anext(b.verification_requests())
        await asked.accept()
        while await process.stdout.readline() != b"Compare\n":
            pass
        process.kill()
        await process.wait()
        assert await _last(asked) == Cancelled(
            "m.user", "The other side has declined, or ended it.", by_them=True
        )
        await (await a.verify(_BOB)).cancel()


async def test_an_asker_that_stops_waiting_ends_the_question_at_the_holder(tmp_path: Path) -> None:
    """A `verify` that is cancelled on one of several lines is withdrawn, though the connection stays."""
    server, alice, bob = await alice_and_bob(tmp_path)
    held = True
    server.failing = lambda user, path: held and user == "@alice:a.test" and "/send/" in path
    wanted = tmp_path / "holder.sock"
    async with (
        alice.session() as a,
        bob.session() as b,
        served(a, wanted),
        connected_session(a.user_id, wanted) as remote,
    ):
        waits = a.updates()
        await anext(waits)
        asking = asyncio.ensure_future(remote.verify(_BOB))
        await anext(waits)  # the outbox tells that the request waits
        asking.cancel()
        await remote.rooms()  # the holder has read what came before this
        held = False
        asked = await anext(b.verification_requests())
        assert isinstance(await _last(asked), Cancelled)


async def test_a_holder_that_ends_ends_the_verifications_of_its_askers(tmp_path: Path) -> None:
    """When the process that holds the session closes, the asker's steps end as Cancelled."""
    _, alice, bob = await alice_and_bob(tmp_path)
    wanted = tmp_path / "holder.sock"
    async with bob.session(), alice.session() as a:
        async with served(a, wanted):
            remote = connected_session(a.user_id, wanted)
            asks = await (await remote.__aenter__()).verify(_BOB)
        assert isinstance(await _last(asks), Cancelled)
        await remote.__aexit__(None, None, None)


async def test_two_askers_who_wait_for_the_same_request_do_not_both_answer_it(tmp_path: Path) -> None:
    """Whoever accepts first has it: the other line goes on waiting, and its end costs the first nothing."""
    _, alice, bob = await alice_and_bob(tmp_path)
    wanted = tmp_path / "holder.sock"
    async with (
        alice.session() as a,
        bob.session() as b,
        served(a, wanted),
        connected_session(a.user_id, wanted) as first,
    ):
        async with connected_session(a.user_id, wanted) as second:
            mine, theirs = first.verification_requests(), second.verification_requests()
            asks = await b.verify(a.user_id)
            accepted, seen = await anext(mine), await anext(theirs)
            await accepted.accept()
            with pytest.raises(CannotVerify, match="under way"):
                await seen.accept()
        for verification in (asks, accepted):
            async for step in verification.steps():
                if isinstance(step, Compare):
                    await verification.confirm()
                    break
        assert isinstance(await _last(asks), Done)
        assert isinstance(await _last(accepted), Done)
