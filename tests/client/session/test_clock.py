"""A clock an hour off, either way: what is said and when stays true, and trust is judged by its own dates."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from client.session import attestations
from client.session.events import Trust
from client.session.store import timeline
from tests.client.session.attesting import MANIFEST, NOW, attested, publish
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import alice_and_bob
from tests.client.session.people import next_event

HOUR = 3600


class Clock:
    """Stands in for the module `time` where this machine's clock is read."""

    def __init__(self, offset: float) -> None:
        self._offset = offset

    def time(self) -> float:
        """Return the time as a clock shows it that is off."""
        return time.time() + self._offset


@pytest.mark.parametrize("offset", [-HOUR, HOUR])
async def test_order_and_times_are_those_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: int
) -> None:
    """With the machine's clock an hour off, and after it is set right: the server's order and times."""
    server, alice, bob = await alice_and_bob(tmp_path)
    begin = int(time.time() * 1000)
    bodies = [f"message {number}" for number in range(6)]

    async def said(body: str, at: int) -> None:
        async with alice.session() as session:
            await session.send(ROOM, {"msgtype": "m.text", "body": body})
        server.timeline[-1]["origin_server_ts"] = at

    for number, body in enumerate(bodies):
        await said(body, begin + number)
    with monkeypatch.context() as patch:
        patch.setattr(timeline, "time", Clock(offset))
        async with bob.session() as session:
            await next_event(session, lambda event: event.body == bodies[-1])
            stored = await session.timeline(ROOM)
    assert [event.body for event in stored] == bodies
    assert [event.sent_at for event in stored] == [begin + number for number in range(6)]
    await said("set right", begin + 6)
    async with bob.session() as session:
        await next_event(session, lambda event: event.body == "set right")
        assert [event.body for event in await session.timeline(ROOM)] == [*bodies, "set right"]


@pytest.mark.parametrize("claimed", [-HOUR * 1000, HOUR * 1000])
async def test_a_sender_whose_clock_is_off_moves_nothing(tmp_path: Path, claimed: int) -> None:
    """A server that claims another hour for one message: it stays where it came, with the time it claims."""
    server, alice, bob = await alice_and_bob(tmp_path)
    begin = int(time.time() * 1000)
    for number, at in enumerate((begin, begin + claimed, begin + 1)):
        async with alice.session() as session:
            await session.send(ROOM, {"msgtype": "m.text", "body": f"message {number}"})
        server.timeline[-1]["origin_server_ts"] = at
    async with bob.session() as session:
        await next_event(session, lambda event: event.body == "message 2")
        stored = await session.timeline(ROOM)
    assert [event.body for event in stored] == ["message 0", "message 1", "message 2"]
    assert stored[1].sent_at == begin + claimed


@pytest.mark.parametrize("offset", [-HOUR, HOUR])
async def test_what_is_not_valid_by_this_clock_is_not_believed_and_costs_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: int
) -> None:
    """Out of its dates by a wrong clock, an attestation counts for nothing; messages come and go."""
    server, alice, bob = await alice_and_bob(tmp_path)
    half_an_hour = timedelta(minutes=30)
    master, begin, end = bob.identity().master.public_key, NOW - half_an_hour, NOW + half_an_hour
    await publish(server, attested(master, valid_from=begin, valid_until=end))
    async with bob.session() as session:
        await session.send(ROOM, {"msgtype": "m.text", "body": "hello"})

    class Shifted(datetime):
        """Tells the time an hour off."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Shifted:
            return super().now(tz) + timedelta(seconds=offset)

    with monkeypatch.context() as patch:
        patch.setattr(attestations, "datetime", Shifted)
        async with alice.session(MANIFEST) as session:
            event = await next_event(session, lambda event: event.body == "hello")
            assert event.trust is Trust.PINNED
            assert await session.attestation(bob.user_id) is None
            await session.send(ROOM, {"msgtype": "m.text", "body": "hello, too"})
    async with alice.session(MANIFEST) as session:
        found = await session.attestation(bob.user_id)
        assert found is not None
        assert found.state == "BEL"
