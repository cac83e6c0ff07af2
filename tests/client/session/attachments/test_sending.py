"""Sending files from a session on the fake homeserver."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from client.session.errors import (
    FileTooLarge,
    FileUnusable,
    HomeserverRefused,
    NotEncrypted,
)
from client.session.session import OpenSession
from tests.client.session.attachments.format import opened
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver, FakeTransport
from tests.client.session.fake_people import alice_and_bob
from tests.client.session.people import next_event

TEXT = b"the statement of a witness, page after page\n" * 20_000
People = tuple[FakeHomeserver, OpenSession, OpenSession]


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    server, alice, bob = await alice_and_bob(tmp_path / "accounts")
    async with alice.session() as a, bob.session() as b:
        yield server, a, b


def named(folder: Path, name: str, content: bytes = TEXT) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "caption", "message_type", "media_type"),
    [
        ("report.pdf", None, "m.file", "application/pdf"),
        ("photo.jpeg", "at the gate", "m.image", "image/jpeg"),
        ("call.mp3", None, "m.audio", "audio/mpeg"),
        ("drone.mp4", None, "m.video", "video/mp4"),
        ("no suffix", "", "m.file", "application/octet-stream"),
    ],
)
async def test_a_file_goes_out_as_the_specification_says(
    people: People, tmp_path: Path, name: str, caption: str | None, message_type: str, media_type: str
) -> None:
    """The message has every member, and what lies on the server opens by it and by nothing else."""
    server, alice, bob = people
    sent = await alice.send_file(ROOM, named(tmp_path, name), caption=caption)
    content: Any = (await next_event(bob, lambda event: event.event_id == sent.event_id)).content
    assert (content["msgtype"], content["filename"], content["body"]) == (message_type, name, caption or name)
    assert content["info"] == {"size": len(TEXT), "mimetype": media_type}
    [(media_id, ciphertext)] = server.media.items()
    assert content["file"]["url"] == f"mxc://a.test/{media_id}"
    assert opened(ciphertext, content["file"]) == TEXT
    assert b"witness" not in ciphertext


async def test_a_file_is_sent_once_under_one_key(people: People, tmp_path: Path) -> None:
    """The same file sent twice is two messages, with two keys."""
    server, alice, bob = people
    path = named(tmp_path, "twice.txt", b"")
    sent = [await alice.send_file(ROOM, path) for _ in range(2)]
    contents: list[Any] = [
        (await next_event(bob, lambda event, id=one.event_id: event.event_id == id)).content  # type: ignore[misc] # bound at once
        for one in sent
    ]
    assert len({content["file"]["key"]["k"] for content in contents}) == 2
    assert [each["type"] for each in server.timeline] == ["m.room.encrypted"] * 2


async def test_a_name_of_ones_own_is_made_harmless_too(people: People, tmp_path: Path) -> None:
    """A name that is not UTF-8, or has control characters, leaves as one that everybody can have."""
    _, alice, bob = people
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\x1b.txt"))
    named(path.parent, path.name, b"x")
    sent = await alice.send_file(ROOM, path)
    event = await next_event(bob, lambda event: event.event_id == sent.event_id)
    assert (event.body, event.content["filename"]) == ("caf.txt", "caf.txt")


async def test_what_is_no_plain_file_is_refused(people: People, tmp_path: Path) -> None:
    """A missing file, a folder, a device and a pipe to which nobody writes are refused at once."""
    server, alice, _ = people
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, Path("/dev/zero"), tmp_path / "pipe", Path("a\0b")):
        with pytest.raises(FileUnusable, match="cannot be sent"):
            await alice.send_file(ROOM, path)
    assert (server.media, server.timeline) == ({}, [])


async def test_a_file_over_the_limit_is_refused_before_it_is_read(people: People, tmp_path: Path) -> None:
    """What the homeserver would not take is not sent, with both sizes in the reason."""
    server, alice, _ = people
    server.media_limit = len(TEXT) - 1
    path = named(tmp_path, "large")
    with pytest.raises(FileTooLarge, match=f"{len(TEXT)} bytes, and the homeserver takes {len(TEXT) - 1}"):
        await alice.send_file(ROOM, path, progress=lambda *_: pytest.fail("it was read"))
    assert server.media == {}


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
async def test_a_file_that_changes_while_it_is_read_is_not_sent(
    people: People, tmp_path: Path, change: str
) -> None:
    """Half of one version and half of another is no file of anybody's."""
    server, alice, _ = people
    path = named(tmp_path, "moving")
    before = path.stat()

    def edit(done: int, total: int | None) -> None:
        if change == "grow":
            path.write_bytes(TEXT + b"more")
        elif change == "shrink":
            os.truncate(path, 10)
        else:
            path.write_bytes(TEXT.upper())
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))

    with pytest.raises(FileUnusable, match="changed while it was read"):
        await alice.send_file(ROOM, path, progress=edit)
    assert server.timeline == []


async def test_a_room_in_clear_gets_no_upload(tmp_path: Path) -> None:
    """Where encryption is not known to be on, neither the file nor its message leaves."""
    server, alice, _ = await alice_and_bob(tmp_path / "accounts")
    server.encryption = None
    async with alice.session() as a:
        with pytest.raises(NotEncrypted):
            await a.send_file(ROOM, named(tmp_path, "report.pdf"))
    assert (server.media, server.timeline) == ({}, [])


async def test_a_homeserver_that_has_not_read_the_file_gets_no_message(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that was given before the whole file was taken is not passed on to anybody."""
    server, alice, _ = people

    async def hasty(self: FakeTransport, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        await anext(pieces)
        return b'{"content_uri": "mxc://a.test/media0"}'

    monkeypatch.setattr(FakeTransport, "upload", hasty)
    with pytest.raises(HomeserverRefused, match=f"of {len(TEXT)} bytes"):
        await alice.send_file(ROOM, named(tmp_path, "report.pdf"))
    assert server.timeline == []


@pytest.mark.parametrize("answer", [b"{}", b'{"content_uri": "https://a.test/x"}', b"x"])
async def test_an_address_that_is_none_gets_no_message(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    """What the homeserver answers to an upload is checked before it goes into a message."""
    server, alice, _ = people

    async def odd(self: FakeTransport, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        async for _ in pieces:
            pass
        return answer

    monkeypatch.setattr(FakeTransport, "upload", odd)
    with pytest.raises(HomeserverRefused):
        await alice.send_file(ROOM, named(tmp_path, "report.pdf"))
    assert server.timeline == []


async def test_cancelled_in_the_middle_nothing_is_sent(people: People, tmp_path: Path) -> None:
    """A cancelled sending ends at once, with no message and no file, and the next one works."""
    server, alice, bob = people
    path = named(tmp_path, "report.pdf")
    begun = asyncio.Event()
    sending = asyncio.ensure_future(alice.send_file(ROOM, path, progress=lambda *_: begun.set()))
    await begun.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (server.media, server.timeline) == ({}, [])
    sent = await alice.send_file(ROOM, path)
    await next_event(bob, lambda event: event.event_id == sent.event_id)


async def test_cancelled_in_the_middle_nothing_is_left_of_what_was_saved(
    people: People, tmp_path: Path
) -> None:
    """A cancelled saving leaves the folder as it was."""
    _, alice, bob = people
    sent = await alice.send_file(ROOM, named(tmp_path, "report.pdf"))
    await next_event(bob, lambda event: event.event_id == sent.event_id)
    (tmp_path / "saved").mkdir()
    begun = asyncio.Event()
    saving = asyncio.ensure_future(
        bob.save_attachment(ROOM, sent.event_id, tmp_path / "saved", progress=lambda *_: begun.set())
    )
    await begun.wait()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert list((tmp_path / "saved").iterdir()) == []
