"""`rogatory verify` between two homes, over a real homeserver, as two people use it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client.session.accounts import Accounts
from client.session.enrolment import enrol
from client.session.events import RoomCreation
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from node.home import open_home
from tests.client.session.homeserver import Homeserver, Login, running_synapse
from tests.client.session.people import ENCRYPTED

pytestmark = pytest.mark.synapse
ROGATORY = str(Path(sys.executable).with_name("rogatory"))


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


class Person:
    """One running `rogatory verify`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def begins(cls, home: Path, *arguments: str) -> Person:
        return cls(
            await asyncio.create_subprocess_exec(
                *(ROGATORY, "verify", *arguments, "--json", "--home", str(home)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        )

    async def says(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return said

    def answers(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())

    async def ends(self) -> int:
        return await self._process.wait()


async def at_home(homeserver: Homeserver, home: Path, login: Login) -> Path:
    await enrol(
        Accounts(open_home(home, create=True).accounts),
        user_id=login.user_id,
        homeserver=homeserver.url,
        device_id=login.device_id,
        access_token=login.access_token,
    )
    return home


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
async def test_two_people_compare_what_they_see_and_answer(
    homeserver: Homeserver, tmp_path: Path, answer: str, code: int
) -> None:
    """One asks, the other waits; both print the same emoji; `y` on both sides verifies, one `n` refuses."""
    alice, bob = homeserver.register(f"alice.{answer}"), homeserver.register(f"bob.{answer}")
    a_home = await at_home(homeserver, tmp_path / "a", alice)
    b_home = await at_home(homeserver, tmp_path / "b", bob)
    async with HttpTransport(homeserver.url, alice.access_token) as transport:
        creation = RoomCreation(name="ROG", invite=(bob.user_id,), initial_state=ENCRYPTED)
        room_id = await RoomRequests(transport).create_room(creation)
    async with HttpTransport(homeserver.url, bob.access_token) as transport:
        await RoomRequests(transport).join(room_id)
    waits = await Person.begins(b_home, "--wait")
    asks = await Person.begins(a_home, bob.user_id)
    shown = await asks.says()
    assert len(shown["emoji"]) == 7
    assert await waits.says() == shown
    waits.answers("what?\ny\n")
    asks.answers(f"{answer}\n")
    ours, theirs = await asks.says(), await waits.says()
    assert (await asks.ends(), await waits.ends()) == (code, code)
    verified = answer == "y"
    assert (ours["user_id"], ours["verified"]) == (bob.user_id, verified)
    assert (theirs["user_id"], theirs["verified"]) == (alice.user_id, verified)
    assert ours.get("code") == theirs.get("code") == (None if verified else "m.mismatched_sas")


async def test_whom_to_verify_must_be_said(tmp_path: Path) -> None:
    """Without USER and without --wait it is wrong usage."""
    assert await (await Person.begins(tmp_path)).ends() == 2
