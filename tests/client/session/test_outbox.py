from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from client.session import outbox
from client.session.errors import (
    HomeserverRefused,
    LimitExceeded,
    LoggedOut,
    MessageDiscarded,
    NotAllowed,
    SessionError,
)
from client.session.events import Json, RoomChanged
from client.session.session import OpenSession
from tests.client.session.fake_homeserver import ROOM, FakeTransport
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

Refusal = Callable[[int], SessionError | None]


class Refusing(FakeTransport):
    """Answers the n-th attempt to send a message as `refusal` says, and what it lets pass as before."""

    def __init__(self, person: Person, refusal: Refusal) -> None:
        super().__init__(person.server, person.user_id, person.device_id)
        self.refusal = refusal
        self.attempts: list[float] = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        if "/send/" in path:
            self.attempts.append(asyncio.get_running_loop().time())
            error = self.refusal(len(self.attempts))
            if error is not None:
                raise error
        return await super().request(method, path, query=query, body=body, timeout=timeout)


def refused(kind: type[HomeserverRefused], status: int) -> HomeserverRefused:
    return kind("PUT /send", why=f"It answered {status}.", remedy="?", status=status, errcode="M_X")


def text(body: str) -> dict[str, Json]:
    return {"msgtype": "m.text", "body": body}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(outbox, "_LONGEST_PAUSE", 0.002)


async def bodies_at(receiver: OpenSession, last: str) -> list[str | None]:
    """Return the texts that a receiver has, once the `last` is among them."""
    await next_event(receiver, lambda event: event.body == last)
    return [event.body for event in await receiver.timeline(ROOM)]


async def three(sender: OpenSession) -> list[object]:
    """Send three messages at once, in order."""
    sending = [sender.send(ROOM, text(body), transaction_id=body) for body in ("first", "second", "third")]
    return list(await asyncio.gather(*sending, return_exceptions=True))


async def test_a_message_that_is_refused_is_told_and_blocks_no_other(tmp_path: Path) -> None:
    """403 in the middle: the sender is told, the others arrive in order, and it is kept with the reason."""
    _, alice, bob = await alice_and_bob(tmp_path)
    alice.transport = Refusing(alice, lambda n: refused(NotAllowed, 403) if n == 2 else None)
    async with alice.session() as a, bob.session() as b:
        _, second, _ = await three(a)
        assert isinstance(second, NotAllowed)
        assert second.what == f"A message to {ROOM} was not sent."
        assert await bodies_at(b, "third") == ["first", "third"]
    async with alice.session() as a, bob.session() as b:
        [kept] = await a.queued()
        assert (kept.transaction_id, kept.content) == ("second", text("second"))
        assert kept.failure == "The homeserver answered 403."
        assert "then send it again" in str(kept.remedy)
        await a.send_again("second")
        assert await a.queued() == []
        assert await bodies_at(b, "second") == ["first", "third", "second"]


async def test_a_message_that_was_given_up_is_tried_again_when_it_is_sent_again_under_its_id(
    tmp_path: Path,
) -> None:
    """Each `send` of the same transaction id is an attempt that ends, and the message arrives once."""
    _, alice, bob = await alice_and_bob(tmp_path)
    alice.transport = Refusing(alice, lambda n: refused(NotAllowed, 403) if n <= 2 else None)
    async with alice.session() as a, bob.session() as b, asyncio.timeout(60):
        for _ in range(2):
            with pytest.raises(NotAllowed):
                await a.send(ROOM, text("persistent"), transaction_id="same")
        sent = await a.send(ROOM, text("persistent"), transaction_id="same")
        assert await a.send(ROOM, text("persistent"), transaction_id="same") == sent
        assert await a.queued() == []
        assert await bodies_at(b, "persistent") == ["persistent"]


async def test_a_server_that_fails_over_one_message_holds_the_others_up_for_a_while_only(
    tmp_path: Path,
) -> None:
    """500 again and again: the message is given up after ten attempts, and the ones behind it are sent."""
    _, alice, bob = await alice_and_bob(tmp_path)
    alice.transport = Refusing(alice, lambda n: refused(HomeserverRefused, 500) if n <= 10 else None)
    async with alice.session() as a, bob.session() as b:
        first, _, _ = await three(a)
        assert isinstance(first, HomeserverRefused)
        assert await bodies_at(b, "third") == ["second", "third"]


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_server_that_is_down_behind_its_proxy_is_waited_for(tmp_path: Path, status: int) -> None:
    """502 to 504 is no answer of the homeserver's: nothing is given up, and the order stays."""
    _, alice, bob = await alice_and_bob(tmp_path)
    alice.transport = Refusing(alice, lambda n: refused(HomeserverRefused, status) if n <= 15 else None)
    async with alice.session() as a, bob.session() as b:
        assert not [error for error in await three(a) if isinstance(error, BaseException)]
        assert await bodies_at(b, "third") == ["first", "second", "third"]


async def test_a_rate_limit_is_obeyed_and_given_up_when_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429: the next attempt comes when the server says; one that would come too late is not waited for."""
    _, alice, bob = await alice_and_bob(tmp_path)
    monkeypatch.setattr(outbox, "_LONGEST_LIMITED", 10.0)

    def limit(attempt: int) -> SessionError | None:
        after = {1: 0.2, 2: 3600.0}.get(attempt)
        if after is None:
            return None
        return LimitExceeded("x", why="y", remedy="z", status=429, errcode="M", retry_after=after)

    transport = alice.transport = Refusing(alice, limit)
    async with alice.session() as a, bob.session() as b:
        first, *_ = await three(a)
        assert isinstance(first, LimitExceeded)
        assert transport.attempts[1] - transport.attempts[0] >= 0.2
        assert await bodies_at(b, "third") == ["second", "third"]


async def test_without_a_login_the_messages_wait_for_the_next_one(tmp_path: Path) -> None:
    """401: whoever waits is told, and nothing is given up; with a login again everything arrives in order."""
    _, alice, bob = await alice_and_bob(tmp_path)
    honest = alice.transport
    alice.transport = Refusing(alice, lambda n: refused(LoggedOut, 401))
    async with alice.session() as a:
        assert {type(error) for error in await three(a)} == {LoggedOut}
        assert [message.failure for message in await a.queued()] == [None] * 3
    alice.transport = honest
    async with alice.session(), bob.session() as b:
        assert await bodies_at(b, "third") == ["first", "second", "third"]


async def test_a_sender_that_stops_waiting_leaves_the_message_queued(tmp_path: Path) -> None:
    """Ctrl-C while the server is away: the message is in the queue, and goes out when the server is back."""
    server, alice, bob = await alice_and_bob(tmp_path)
    away = True
    server.failing = lambda user, path: away and "/send/" in path
    async with alice.session() as a, bob.session() as b:
        updates = a.updates()
        sending = asyncio.ensure_future(a.send(ROOM, text("patient")))
        while not isinstance(await anext(updates), RoomChanged):
            pass
        sending.cancel()
        [waiting] = await a.queued()
        assert (waiting.content, waiting.failure) == (text("patient"), None)
        away = False
        assert await bodies_at(b, "patient") == ["patient"]


async def test_a_message_that_is_discarded_while_it_waits_is_not_sent(tmp_path: Path) -> None:
    """Whoever waits for it is told, and the message behind it goes out."""
    server, alice, bob = await alice_and_bob(tmp_path)
    away = True
    server.failing = lambda user, path: away and "/send/" in path
    async with alice.session() as a, bob.session() as b:
        updates = a.updates()
        sending = asyncio.ensure_future(three(a))
        while [message.transaction_id for message in await a.queued()] != ["first", "second", "third"]:
            await anext(updates)
        fourth = asyncio.ensure_future(a.send(ROOM, text("fourth"), transaction_id="fourth"))
        while len(await a.queued()) < 4:
            await anext(updates)  # what is queued behind one that waits is told of too
        await a.discard("first")
        away = False
        first, *_ = await sending
        assert isinstance(first, MessageDiscarded)
        await fourth
        assert await bodies_at(b, "fourth") == ["second", "third", "fourth"]
