from __future__ import annotations

import asyncio
import functools
import itertools
from pathlib import Path

import pytest

from client.session.events import Trust
from client.session.session import OpenSession
from tests.client.session.endurance.moments import Life, live
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import alice_and_bob

_EACH = 3
_LONGEST = 200
"""Moments: far more than one round has."""


async def _say(session: OpenSession, name: str) -> None:
    """Send three messages; those that were sent by an earlier life are not sent again."""
    async with asyncio.TaskGroup() as group:
        for number in range(_EACH):
            content = {"msgtype": "m.text", "body": f"{name} {number}"}
            group.create_task(session.send(ROOM, content, transaction_id=f"{name}-{number}"))


async def _heard(session: OpenSession, names: tuple[str, str]) -> None:
    """Wait until both have been heard, and see that each was: whole, in order, once, readable."""
    updates = session.updates()
    while True:
        events = await session.timeline(ROOM, limit=10_000)
        bodies = [event.body or "" for event in events]
        if all(f"{name} {_EACH - 1}" in bodies for name in names):
            break
        await anext(updates)
    for name in names:
        assert [body for body in bodies if body.startswith(f"{name} ")] == [
            f"{name} {number}" for number in range(_EACH)
        ]
    assert Trust.UNDECRYPTABLE not in {event.trust for event in events}


async def _round(session: OpenSession, name: str, names: tuple[str, str]) -> None:
    await _say(session, name)
    await _heard(session, names)


@pytest.mark.parametrize("victim", ["alice", "bob"])
async def test_killed_at_any_moment_nothing_is_lost_or_doubled(tmp_path: Path, victim: str) -> None:
    """Killed before or after any request and any commit of a round, and begun again, a session has it all."""
    server, alice, bob = await alice_and_bob(tmp_path)
    server.encryption = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 2}
    dies, lives = (alice, bob) if victim == "alice" else (bob, alice)
    async with lives.session() as witness:
        for end in itertools.count():
            names = (f"dies {end}", f"lives {end}")
            life = Life(end)
            async with asyncio.TaskGroup() as group:
                group.create_task(_say(witness, names[1]))
                await live(dies, life, functools.partial(_round, name=names[0], names=names))
            async with dies.session() as again:
                await _say(again, names[0])
                await _heard(again, names)
                await _heard(witness, names)
            if not life.is_over:
                break
            assert end < _LONGEST, "a round does not end"
    assert end > 30, "hardly anything was killed"
    assert len(server.timeline) == (end + 1) * 2 * _EACH


async def test_killed_at_any_moment_of_a_first_contact_nothing_is_lost(tmp_path: Path) -> None:
    """As above at every third moment, with people who never wrote to each other: one-time keys and all."""
    for end in itertools.count(0, 3):
        server, alice, bob = await alice_and_bob(tmp_path / str(end))
        life = Life(end)
        names = ("dies", "lives")
        async with bob.session() as witness:
            async with asyncio.TaskGroup() as group:
                group.create_task(_say(witness, "lives"))
                await live(alice, life, functools.partial(_round, name="dies", names=names))
            async with alice.session() as again:
                await _say(again, "dies")
                await _heard(again, names)
                await _heard(witness, names)
        assert len(server.timeline) == 2 * _EACH
        if not life.is_over:
            break
        assert end < _LONGEST
