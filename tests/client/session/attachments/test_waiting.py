"""Files that wait for a homeserver that does not answer, on the fake."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from client.session import outbox
from client.session.accounts import Accounts
from client.session.errors import (
    FileNotKept,
    FileTooLarge,
    FileUnusable,
    HomeserverRefused,
    HomeserverUnreachable,
    MessageDiscarded,
    MessageTooLarge,
    SessionError,
)
from client.session.events import Json, QueuedMessage, SentEvent
from client.session.session import OpenSession
from tests.client.session.attachments.format import opened
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver, FakeTransport
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

TEXT = b"the statement of a witness, page after page\n" * 20_000
Fixture = tuple[FakeHomeserver, Person, Person]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(outbox, "_LONGEST_PAUSE", 0.002)


@pytest.fixture
async def people(tmp_path: Path) -> Fixture:
    """A server that has let everyone in and is away since; what is sent begins to wait."""
    server, alice, bob = await alice_and_bob(tmp_path / "accounts")
    for person in (alice, bob):
        async with person.session():
            pass
    away(server)
    return server, alice, bob


def away(server: FakeHomeserver) -> None:
    server.failing = lambda user, path: user.startswith("@alice")


def back(server: FakeHomeserver) -> None:
    server.failing = lambda user, path: False


def named(folder: Path, name: str = "report.pdf", content: bytes = TEXT) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def outgoing(person: Person) -> list[Path]:
    folder = Accounts(person.root).folder(person.user_id) / "outgoing"
    return sorted(folder.iterdir()) if folder.is_dir() else []


async def queued(session: OpenSession, count: int) -> list[QueuedMessage]:
    """Return the messages that wait once there are so many."""
    updates = session.updates()
    while len(messages := list(await session.queued())) != count:
        await anext(updates)
    return messages


@contextlib.asynccontextmanager
async def waiting(session: OpenSession, *paths: Path) -> AsyncIterator[list[asyncio.Future[SentEvent]]]:
    """Send files to nobody who answers, one after the other; what still waits at the end is cancelled."""
    sending: list[asyncio.Future[SentEvent]] = []
    before = len(await session.queued())
    for path in paths:
        sending.append(asyncio.ensure_future(session.send_file(ROOM, path)))
        await queued(session, before + len(sending))
    try:
        yield sending
    finally:
        for each in sending:
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


def text(body: str) -> dict[str, Json]:
    return {"msgtype": "m.text", "body": body}


async def arrived(receiver: OpenSession, last: str) -> list[Any]:
    """Return the contents that a receiver has, once the `last` text is among them."""
    await next_event(receiver, lambda event: event.body == last)
    return [event.content for event in await receiver.timeline(ROOM)]


async def test_a_file_waits_and_arrives_in_order(people: Fixture, tmp_path: Path) -> None:
    """Between two texts, in a later process too, whole; while it waits only ciphertext lies there, 0600."""
    server, alice, bob = people
    async with alice.session() as a:
        first = asyncio.ensure_future(a.send(ROOM, text("before")))
        await queued(a, 1)
        async with waiting(a, named(tmp_path)):
            last = asyncio.ensure_future(a.send(ROOM, text("after")))
            await queued(a, 3)
            [path] = outgoing(alice)
            assert path.stat().st_mode & 0o777 == 0o600
            assert path.parent.stat().st_mode & 0o777 == 0o700
            assert path.stat().st_size == len(TEXT)
            assert b"witness" not in path.read_bytes()
    for sending in (first, last):
        sending.cancel()
    (tmp_path / "report.pdf").unlink()
    back(server)
    async with alice.session() as a, bob.session() as b:
        before, content, after = await arrived(b, "after")
        assert (before["body"], content["body"], after["body"]) == ("before", "report.pdf", "after")
        await queued(a, 0)
        [ciphertext] = server.media.values()
        assert opened(ciphertext, content["file"]) == TEXT
        assert outgoing(alice) == []


async def test_whoever_waits_is_told_once_it_is_sent(people: Fixture, tmp_path: Path) -> None:
    """The call that began it returns the event, and its progress hears of the upload."""
    server, alice, bob = people
    told: list[tuple[int, int | None]] = []
    async with alice.session() as a, bob.session() as b:
        sending = asyncio.ensure_future(
            a.send_file(ROOM, named(tmp_path), progress=lambda *so_far: told.append(so_far))
        )
        await queued(a, 1)
        assert told == []
        back(server)
        sent = await sending
        assert told[0] == (0, len(TEXT))
        assert told[-1] == (len(TEXT), len(TEXT))
        await next_event(b, lambda event: event.event_id == sent.event_id)
        assert outgoing(alice) == []


async def test_the_same_transaction_is_the_same_file(people: Fixture, tmp_path: Path) -> None:
    """A second call with its transaction id keeps no second file and sends nothing again."""
    server, alice, _ = people
    async with alice.session() as a:
        first = asyncio.ensure_future(a.send_file(ROOM, named(tmp_path), transaction_id="once"))
        await queued(a, 1)
        second = asyncio.ensure_future(a.send_file(ROOM, tmp_path / "gone", transaction_id="once"))
        await asyncio.sleep(0)
        back(server)
        assert await first == await second == await a.send_file(ROOM, tmp_path / "x", transaction_id="once")
    assert len(server.media) == 1
    assert len(server.timeline) == 1


Moment = Callable[[str], bool]
MOMENTS: dict[str, Moment] = {
    "before the upload": lambda path: path == "/_matrix/client/v1/media/config",
    "before the message": lambda path: "/send/" in path,
}


@pytest.mark.parametrize("moment", sorted(MOMENTS))
async def test_a_session_that_ends_at_any_moment_sends_it_once(
    people: Fixture, tmp_path: Path, moment: str
) -> None:
    """Ended before the upload or after it, the next session goes on from there, with nothing doubled."""
    server, alice, bob = people
    reached = asyncio.Event()

    def fails(user: str, path: str) -> bool:
        hit = user.startswith("@alice") and MOMENTS[moment](path)
        if hit:
            reached.set()
        return hit

    async with alice.session() as a, waiting(a, named(tmp_path)):
        server.failing = fails
        await reached.wait()
    assert len(outgoing(alice)) == 1
    back(server)
    async with alice.session() as a, bob.session() as b:
        await queued(a, 0)
        await a.send(ROOM, text("after"))
        assert [content["body"] for content in await arrived(b, "after")] == ["report.pdf", "after"]
    assert len(server.media) == 1
    assert outgoing(alice) == []


async def test_an_upload_whose_answer_is_lost_is_made_again_and_the_message_sent_once(
    people: Fixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The homeserver has the file and we do not know: it gets it again, and one message that opens it."""
    server, alice, bob = people
    upload, lost = FakeTransport.upload, 2

    async def losing(self: FakeTransport, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        nonlocal lost
        answer = await upload(self, path, pieces, size)
        if lost:
            lost -= 1
            raise HomeserverRefused("x", why="y", remedy="z", status=502, errcode="M_UNKNOWN")
        return answer

    monkeypatch.setattr(FakeTransport, "upload", losing)
    async with alice.session() as a, bob.session() as b, waiting(a, named(tmp_path)) as [sending]:
        back(server)
        await sending
        await a.send(ROOM, text("after"))
        content, _ = await arrived(b, "after")
    assert len(server.media) == 3
    assert opened(server.media[content["file"]["url"].rpartition("/")[2]], content["file"]) == TEXT


@pytest.mark.parametrize("status", [None, 502, 503, 504])
async def test_a_server_that_stops_to_answer_in_the_middle_lets_the_file_wait(
    people: Fixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    """Live until the upload breaks off, or answered by a proxy alone: the file waits, and arrives once."""
    server, alice, bob = people
    back(server)
    upload, failures = FakeTransport.upload, 3

    async def failing(self: FakeTransport, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        nonlocal failures
        if failures == 0:
            return await upload(self, path, pieces, size)
        failures -= 1
        await anext(pieces)
        if status is None:
            raise HomeserverUnreachable("x", why="The connection failed.", remedy="z")
        raise HomeserverRefused("x", why="y", remedy="z", status=status, errcode="M_UNKNOWN")

    monkeypatch.setattr(FakeTransport, "upload", failing)
    async with alice.session() as a, bob.session() as b:
        await a.send_file(ROOM, named(tmp_path))
        await a.send(ROOM, text("after"))
        content, _ = await arrived(b, "after")
    [ciphertext] = server.media.values()
    assert opened(ciphertext, content["file"]) == TEXT


async def test_what_no_message_names_is_removed_at_the_start(people: Fixture, tmp_path: Path) -> None:
    """What a kill left half written goes; the file of a message that waits stays."""
    _, alice, _ = people
    async with alice.session() as a, waiting(a, named(tmp_path)):
        pass
    [kept] = outgoing(alice)
    (kept.parent / "half-written").write_bytes(b"x")
    async with alice.session():
        assert outgoing(alice) == [kept]


async def test_a_file_that_is_discarded_is_gone_and_blocks_nothing(people: Fixture, tmp_path: Path) -> None:
    """Its sender is told, the ciphertext is removed, and the message behind it goes out."""
    server, alice, bob = people
    async with alice.session() as a, bob.session() as b, waiting(a, named(tmp_path)) as [sending]:
        after = asyncio.ensure_future(a.send(ROOM, text("after")))
        [message, _] = await queued(a, 2)
        await a.discard(message.transaction_id)
        assert outgoing(alice) == []
        with pytest.raises(MessageDiscarded):
            await sending
        back(server)
        await after
        assert [content["body"] for content in await arrived(b, "after")] == ["after"]
    assert server.media == {}


async def test_discarded_in_the_middle_of_its_upload_no_more_of_it_leaves(
    people: Fixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload ends at the next piece, and the message behind it goes out."""
    server, alice, bob = people
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(self: FakeTransport, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        await anext(pieces)
        begun.set()
        await go_on.wait()
        left = [piece async for piece in pieces]
        pytest.fail(f"{len(left)} pieces more")

    monkeypatch.setattr(FakeTransport, "upload", slow)
    async with alice.session() as a, bob.session() as b, waiting(a, named(tmp_path)):
        [message] = await a.queued()
        back(server)
        await begun.wait()
        await a.discard(message.transaction_id)
        go_on.set()
        await a.send(ROOM, text("after"))
        assert [content["body"] for content in await arrived(b, "after")] == ["after"]


async def test_too_large_as_the_server_has_said_before_it_is_refused_at_once(
    people: Fixture, tmp_path: Path
) -> None:
    """The limit is remembered over the end of the process; nothing is queued and nothing is kept."""
    server, alice, _ = people
    back(server)
    server.media_limit = len(TEXT) - 1
    async with alice.session() as a:
        await a.send_file(ROOM, named(tmp_path, "small", b"x"))
    away(server)
    async with alice.session() as a:
        with pytest.raises(FileTooLarge, match=f"the homeserver takes {len(TEXT) - 1}"):
            await a.send_file(ROOM, named(tmp_path))
        assert await a.queued() == []
    assert outgoing(alice) == []


async def refused_later(people: Fixture, path: Path) -> tuple[SessionError, QueuedMessage]:
    """Let a file wait that is refused once the server is back, and return how; a text behind it arrives."""
    server, alice, bob = people
    async with alice.session() as a, bob.session() as b, waiting(a, path) as [sending]:
        after = asyncio.ensure_future(a.send(ROOM, text("after")))
        await queued(a, 2)
        back(server)
        await after
        [error] = await asyncio.gather(sending, return_exceptions=True)
        assert isinstance(error, SessionError)
        assert [content["body"] for content in await arrived(b, "after")] == ["after"]
        [message] = await a.queued()
        await a.discard(message.transaction_id)
        assert outgoing(alice) == []
        return error, message


async def test_too_large_as_is_learnt_later_it_fails_alone(people: Fixture, tmp_path: Path) -> None:
    """Both sizes and what to do are told and kept with the message, and the next one is sent."""
    people[0].media_limit = 1000
    error, message = await refused_later(people, named(tmp_path))
    assert isinstance(error, FileTooLarge)
    assert f"{len(TEXT)} bytes, and the homeserver takes 1000" in str(message.failure)
    assert "report.pdf" in str(message.failure)
    assert message.remedy == "Send it in parts, or ask who runs the homeserver to raise its limit."


async def test_a_server_that_refuses_the_upload_fails_that_message_alone(
    people: Fixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """413 to an upload of which the limit said nothing."""

    async def refusing(self: FakeTransport, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        raise MessageTooLarge("POST", why="It answered 413.", remedy="?", status=413, errcode="M_TOO_LARGE")

    monkeypatch.setattr(FakeTransport, "upload", refusing)
    error, message = await refused_later(people, named(tmp_path))
    assert isinstance(error, MessageTooLarge)
    assert (message.failure, message.remedy) == ("The homeserver answered 413.", "Send it in parts.")


@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
async def test_a_file_that_is_not_as_it_was_kept_is_not_sent(
    people: Fixture, tmp_path: Path, harm: str
) -> None:
    """What the disk has changed or lost is told to the sender, not to the receiver."""
    _, alice, _ = people
    async with alice.session() as a, waiting(a, named(tmp_path)):
        pass
    [path] = outgoing(alice)
    if harm == "flip":
        content = bytearray(path.read_bytes())
        content[1000] ^= 1
        path.write_bytes(content)
    elif harm == "cut":
        os.truncate(path, 1000)
    else:
        path.unlink()
    back(people[0])
    async with alice.session() as a:
        await a.send(ROOM, text("after"))
        [message] = await a.queued()
        assert "The file report.pdf was not sent." in str(message.failure)
        assert message.remedy == "Discard this message, and send the file again."
        with pytest.raises(FileUnusable):
            await a.send_again(message.transaction_id)
    assert len(people[0].timeline) == 1


async def test_on_a_full_disk_it_is_refused_and_leaves_nothing(people: Fixture, tmp_path: Path) -> None:
    """No file may grow beyond what the store needs: the error says so, and a text still waits."""
    server, alice, bob = people
    path = named(tmp_path, content=TEXT * 6)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with alice.session() as a, bob.session() as b:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, limits[1]))
        try:
            with pytest.raises(FileNotKept, match="Make room on the disk"):
                await a.send_file(ROOM, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert outgoing(alice) == []
        assert await a.queued() == []
        after = asyncio.ensure_future(a.send(ROOM, text("after")))
        await queued(a, 1)
        back(server)
        await after
        assert [content["body"] for content in await arrived(b, "after")] == ["after"]


async def test_cancelled_while_it_is_kept_nothing_stays(
    people: Fixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that ends before the message is queued leaves neither file nor message."""
    _, alice, _ = people
    begun = asyncio.Event()
    real, loop = os.fsync, asyncio.get_running_loop()

    def told(descriptor: int) -> None:
        loop.call_soon_threadsafe(begun.set)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", told)
    async with alice.session() as a:
        sending = asyncio.ensure_future(a.send_file(ROOM, named(tmp_path)))
        await begun.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await a.queued() == []
    assert outgoing(alice) == []
