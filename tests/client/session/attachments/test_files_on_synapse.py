"""Files between real sessions, over a real homeserver, and what a kill -9 leaves of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.session.accounts import Account
from client.session.errors import FileUnusable, TargetExists, UnknownRoom
from client.session.events import RoomCreation, TimelineEvent
from client.session.http_transport import HttpTransport
from client.session.opening import open_session
from client.session.remote import RemoteSession
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from tests.client.session.homeserver import Homeserver
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = pytest.mark.synapse
CANARY = b"THE-WITNESS-CANARY-5512"
NAME = "canary-name-8834.bin"
LARGE = 48 * 1024 * 1024
FILES = "files-of-a-person"
"""The folders in which people have and save their files; what is in clear may be there and nowhere else."""


@dataclass(frozen=True)
class Place:
    """Two accounts in a room, and the folder of the person who has a file."""

    root: Path
    alice: Account
    bob: Account
    room_id: str

    @property
    def files(self) -> Path:
        return self.root / FILES

    @property
    def accounts(self) -> Path:
        return self.root / "accounts"


@pytest.fixture
async def place(homeserver: Homeserver, tmp_path: Path) -> Place:
    name = secrets.token_hex(4)
    (tmp_path / FILES).mkdir()
    alice, login = await enrolled(homeserver, tmp_path / "accounts", f"{name}.alice")
    bob, _ = await enrolled(homeserver, tmp_path / "accounts", f"{name}.bob")
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        creation = RoomCreation(invite=(bob.user_id,), initial_state=ENCRYPTED)
        room_id = await RoomRequests(transport).create_room(creation)
    return Place(tmp_path, alice, bob, room_id)


def written(folder: Path, size: int, name: str = NAME) -> Path:
    """Write a file of `size` bytes, the canary again and again, and return its path."""
    path = folder / name
    line = CANARY + b"\n"
    path.write_bytes((line * (size // len(line) + 1))[:size])
    return path


def found_in_clear(tmp_path_factory: pytest.TempPathFactory, place: Place) -> list[Path]:
    """Return every file of the accounts and of the homeserver in which the file or its name can be found."""
    paths = [path for path in tmp_path_factory.getbasetemp().rglob("*") if path.is_file()]
    others = [path for path in paths if FILES not in path.parts]
    assert place.bob.store_path in others
    assert any("media" in path.parts for path in others)
    return [
        path
        for path in others
        if NAME in str(path) or any(canary in path.read_bytes() for canary in (CANARY, NAME.encode()))
    ]


def inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@asynccontextmanager
async def process(
    place: Place, user: Account, *arguments: str, folder: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a `file_process` in a folder, and kill it with -9 when the block ends."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.client.session.attachments.file_process"),
        *(str(place.accounts), user.user_id, place.room_id, *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def said(running: asyncio.subprocess.Process, member: str) -> list[dict[str, int]]:
    """Return the lines that a process says until one has a member that is not 0."""
    assert running.stdout is not None
    lines: list[dict[str, int]] = []
    while line := await running.stdout.readline():
        lines.append(json.loads(line))
        if lines[-1].get(member):
            return lines
    raise AssertionError(f"it ended after {lines}")


async def file_events(session: OpenSession, room_id: str) -> list[TimelineEvent]:
    events = await session.timeline(room_id, limit=1000)
    return [event for event in events if str(event.content.get("msgtype")) == "m.file"]


async def test_a_file_comes_over_whole_and_in_clear_nowhere_else(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bytes and name arrive; neither is found in any file of an account or of the homeserver."""
    path = written(place.files, 3_000_000)
    async with opened(place.alice) as alice, opened(place.bob) as bob:
        await bob.join(place.room_id)
        sent = await alice.send_file(place.room_id, path, caption="what I saw")
        event = await next_event(bob, lambda event: event.event_id == sent.event_id)
        assert event.body == "what I saw"
        (place.files / "saved").mkdir()
        saved = await bob.save_attachment(place.room_id, sent.event_id, place.files / "saved")
        assert saved.path == str(place.files / "saved" / NAME)
        assert saved.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (place.files / "saved" / NAME).read_bytes() == path.read_bytes()
        assert found_in_clear(tmp_path_factory, place) == []
        await next_event(alice, lambda event: event.event_id == sent.event_id)
        own = await alice.save_attachment(place.room_id, sent.event_id, place.files / "own copy")
        assert own.sha256 == saved.sha256
        empty = await alice.send_file(place.room_id, written(place.files, 0, "empty"))
        await next_event(bob, lambda event: event.event_id == empty.event_id)
        assert (await bob.save_attachment(place.room_id, empty.event_id, place.files / "none")).size == 0
        with pytest.raises(UnknownRoom):
            await alice.send_file("!nowhere", path)
    assert found_in_clear(tmp_path_factory, place) == []


async def test_a_large_file_is_never_whole_in_memory(place: Place) -> None:
    """Sending and saving 48 MiB, each in a process of its own, takes less than 16 MiB more than before."""
    path = written(place.files, LARGE)
    async with process(place, place.alice, "go", "send", str(path)) as running:
        sending = await said(running, "grown")
    async with opened(place.bob) as bob:
        await bob.join(place.room_id)
        event = await next_event(bob, lambda event: event.content.get("msgtype") == "m.file")
    target = place.files / "saved"
    async with process(place, place.bob, "go", "save", event.event_id, str(target)) as running:
        saving = await said(running, "grown")
    assert target.read_bytes() == path.read_bytes()
    for lines in (sending, saving):
        assert lines[-1]["grown"] < 16 * 1024 * 1024
        assert lines[-2] == {"done": LARGE, "total": LARGE}
        assert len(lines) > 20
    for each in (path, target):
        each.unlink()  # the folders of tests are kept for a while


async def test_killed_while_sending_nothing_is_half_sent(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """kill -9 in the middle of an upload: no message, no plaintext left; sent again it arrives, once."""
    path = written(place.files, 20_000_000)
    async with process(place, place.alice, "hold", "send", str(path)) as running:
        lines = await said(running, "done")
        assert lines[-1]["done"] < lines[-1]["total"]
        running.kill()
    assert found_in_clear(tmp_path_factory, place) == []
    async with opened(place.alice) as alice, opened(place.bob) as bob:
        await bob.join(place.room_id)
        sent = await alice.send_file(place.room_id, path)
        for session in (alice, bob):
            await next_event(session, lambda event: event.event_id == sent.event_id)
            assert [event.event_id for event in await file_events(session, place.room_id)] == [sent.event_id]
        await bob.save_attachment(place.room_id, sent.event_id, place.files / "saved")
    assert (place.files / "saved").read_bytes() == path.read_bytes()


async def test_a_file_that_changes_on_its_way_is_told_as_that(place: Place) -> None:
    """An upload that breaks off because its file changed is no fault of the homeserver's, and is told so."""
    path = written(place.files, 3_000_000)

    def shrink(done: int, total: int | None) -> None:
        os.truncate(path, 10)

    async with opened(place.alice) as alice:
        with pytest.raises(FileUnusable, match="changed while it was read"):
            await alice.send_file(place.room_id, path, progress=shrink)
        assert await file_events(alice, place.room_id) == []


async def test_killed_while_saving_nothing_stays(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """kill -9 while a file arrives leaves no plaintext, and what it leaves is gone with the next opening."""
    path = written(place.files, 20_000_000)
    async with opened(place.alice) as alice, opened(place.bob) as bob:
        await bob.join(place.room_id)
        sent = await alice.send_file(place.room_id, path)
        await next_event(bob, lambda event: event.event_id == sent.event_id)
    target = place.files / "saved"
    target.mkdir()
    async with process(place, place.bob, "hold", "save", sent.event_id, str(target)) as running:
        await said(running, "done")
        running.kill()
    [left] = inside(target)
    assert left.stat().st_mode & 0o777 == 0o600
    assert left.stat().st_size > 0
    assert CANARY not in left.read_bytes()
    async with opened(place.bob) as bob:
        assert inside(target) == []
        await bob.save_attachment(place.room_id, sent.event_id, target)
    assert (target / NAME).read_bytes() == path.read_bytes()
    assert found_in_clear(tmp_path_factory, place) == []


async def test_a_second_process_has_the_holder_send_and_save(place: Place) -> None:
    """Through the holder's socket paths are the asker's, though it works in another folder."""
    path = written(place.files, 3_000_000)
    async with open_session(place.alice, welcome=lambda _: True) as held:
        assert isinstance(held, OpenSession)
        async with process(place, place.alice, "go", "send", NAME, folder=place.files) as running:
            told = await said(running, "grown")
        assert told[0] == {"done": 0, "total": 3_000_000}
        assert told[-2] == {"done": 3_000_000, "total": 3_000_000}
        assert len(told) > 5
        event = await next_event(held, lambda event: event.content.get("filename") == NAME)
        arguments = ("go", "save", event.event_id, "copy")
        async with process(place, place.alice, *arguments, folder=place.files) as running:
            told = await said(running, "grown")
        assert told[-2] == {"done": 3_000_000, "total": 3_000_000}
    assert (place.files / "copy").read_bytes() == path.read_bytes()


async def test_the_holders_errors_keep_their_kind(place: Place) -> None:
    """What goes wrong in the holder is raised where it was asked for, and the holder goes on."""
    path = written(place.files, 10)
    async with open_session(place.alice, welcome=lambda _: True) as held:
        assert isinstance(held, OpenSession)
        async with open_session(place.alice, welcome=lambda _: True) as remote:
            assert isinstance(remote, RemoteSession)
            sent = await remote.send_file(place.room_id, path, caption="c")
            event = await next_event(held, lambda event: event.event_id == sent.event_id)
            assert (event.body, event.content["filename"]) == ("c", NAME)
            with pytest.raises(TargetExists, match=NAME):
                await remote.save_attachment(place.room_id, sent.event_id, path)
            saved = await remote.save_attachment(place.room_id, sent.event_id, path, replace=True)
            assert (saved.path, saved.size) == (str(path), 10)
            with pytest.raises(FileUnusable, match="missing"):
                await remote.send_file(place.room_id, place.files / "missing")
            with pytest.raises(FileUnusable, match="UTF-8"):
                await remote.send_file(place.room_id, place.files / "caf\udce9")
            assert [room.room_id for room in await remote.rooms()] == [place.room_id]
