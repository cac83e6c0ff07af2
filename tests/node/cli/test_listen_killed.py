"""`rogatory listen`, killed while it prints: whoever reads its lines is given all of them in the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.session.homeserver import Homeserver
from tests.client.session.people import enrolled, opened
from tests.network.rogatory import ROGATORY, Rogatory, lines_of
from tests.network.terminal import Terminal
from tests.node.cli.desks import desk_with_key_file, room_of

pytestmark = pytest.mark.synapse

BODIES = [f"{number:03} {'x' * 4000}" for number in range(40)]
"""More than a pipe holds: whoever prints them waits for a reader before it has printed all."""


@pytest.mark.parametrize("way", ["held", "remote"])
def test_what_a_killed_listen_has_not_shown_the_next_one_shows(
    homeserver: Homeserver, tmp_path: Path, way: str
) -> None:
    """kill -9 of a `listen` that holds the store, or asks who does, loses no line, nor their order."""
    desk = asyncio.run(bob_with_messages(homeserver, tmp_path))
    with holder_of(desk) if way == "remote" else contextlib.nullcontext():
        shown = bodies_of_killed(desk)
        assert 0 < len(shown) < len(BODIES)
        assert shown == BODIES[: len(shown)]
        with desk.running("listen", "--json") as process:
            lines = lines_of(process)
            again = bodies_until(lines, BODIES[-1])
            assert again[-len(BODIES) + len(shown) :] == BODIES[len(shown) :]
            desk.run("send", "Evidence", "after them")
            assert bodies_until(lines, "after them") == ["after them"]  # so all the others are taken
        desk.run("send", "Evidence", "at the end")
        with desk.running("listen", "--json") as process:
            assert set(bodies_until(lines_of(process), "at the end")) <= {"after them", "at the end"}


async def bob_with_messages(homeserver: Homeserver, root: Path) -> Rogatory:
    """Return Bob's desk, with a message for him on the server for each of BODIES."""
    name = secrets.token_hex(4)
    account, alice = await enrolled(homeserver, root / "alice", f"{name}.alice")
    bob = homeserver.register(f"{name}.bob")
    desk = await desk_with_key_file(root / "bob", bob, homeserver.url)
    room_id = await asyncio.to_thread(room_of, homeserver, alice, bob, name="Evidence")
    await asyncio.to_thread(desk.run, "rooms", "--join", room_id)
    async with opened(account) as session:
        while bob.user_id not in await session.readers(room_id):
            await anext(session.updates())
        for body in BODIES:
            await session.send(room_id, {"msgtype": "m.text", "body": body})
    return desk


@contextlib.contextmanager
def holder_of(desk: Rogatory) -> Iterator[None]:
    """Let the terminal client hold the store."""
    with Terminal([ROGATORY, "chat"], desk.environment) as terminal:
        terminal.wait_for("Evidence", "live")
        yield


def bodies_of_killed(desk: Rogatory) -> list[str]:
    """Run `listen`, kill -9 once it prints messages, and return the bodies that it had printed."""
    with subprocess.Popen(
        [ROGATORY, "listen", "--json"], env=desk.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = next(line for line in process.stdout if json.loads(line)["body"] == BODIES[0])
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]  # the last may be half a line
        return [json.loads(line)["body"] for line in [first, *rest]]


def bodies_until(lines: Iterator[str], last: str) -> list[str]:
    """Return the bodies of the events that are printed, as far as a message."""
    shown: list[str] = []
    for line in lines:
        shown.append(json.loads(line)["body"])
        if shown[-1] == last:
            return shown
    raise AssertionError(f"listen ended after {len(shown)} lines")
