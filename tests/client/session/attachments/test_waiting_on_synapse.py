"""Files that wait for a real homeserver, over a kill -9 of who sends them."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from client.session.events import RoomCreation
from client.session.http_transport import HttpTransport
from client.session.opening import is_served, open_session
from client.session.remote import RemoteSession
from client.session.rooms import RoomRequests
from tests.client.proxy.proxy import Proxy
from tests.client.proxy.rules import Hold
from tests.client.session.homeserver import Homeserver
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened
from tests.network.rogatory import eventually

pytestmark = pytest.mark.synapse
TEXT = b"the statement of a witness, page after page\n" * 20_000


@dataclass(frozen=True)
class Place:
    """Two accounts in a room; Alice's way to the homeserver is the proxy."""

    accounts: Path
    proxy: Proxy
    alice: Account
    bob: Account
    room_id: str
    file: Path

    def outgoing(self) -> list[Path]:
        folder = self.alice.folder / "outgoing"
        return list(folder.iterdir()) if folder.is_dir() else []

    @asynccontextmanager
    async def sender(self, *arguments: str) -> AsyncIterator[None]:
        """Run a process of Alice's, and kill it with -9 when the block ends."""
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *arguments),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            running.kill()
            assert await running.wait() == -9

    async def bodies_at_bob(self, last: str) -> list[str | None]:
        """Return what Bob has of Alice once the `last` text is there, and see that the file is whole."""
        async with opened(self.bob) as bob:
            await next_event(bob, lambda event: event.body == last)
            events = [
                event
                for event in await bob.timeline(self.room_id, limit=1000)
                if event.sender == self.alice.user_id and event.type == "m.room.message"
            ]
            for event in events:
                if event.content["msgtype"] == "m.file":
                    target = self.file.with_name("saved")
                    await bob.save_attachment(self.room_id, event.event_id, target)
                    assert target.read_bytes() == TEXT
            return [event.body for event in events]


@pytest.fixture
async def place(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Place]:
    name = secrets.token_hex(4)
    file = tmp_path / "report.pdf"
    file.write_bytes(TEXT)
    async with Proxy(homeserver.url) as proxy:
        login = homeserver.register(f"{name}.alice")
        alice = await enrol(
            Accounts(tmp_path / "accounts"),
            user_id=login.user_id,
            homeserver=proxy.url,
            device_id=login.device_id,
            access_token=login.access_token,
        )
        bob, _ = await enrolled(homeserver, tmp_path / "accounts", f"{name}.bob")
        async with HttpTransport(homeserver.url, login.access_token) as transport:
            creation = RoomCreation(invite=(bob.user_id,), initial_state=ENCRYPTED)
            room_id = await RoomRequests(transport).create_room(creation)
        async with opened(bob) as session:
            await session.join(room_id)
        async with opened(alice) as session:
            assert [room.room_id for room in await session.rooms()] == [room_id]
        yield Place(tmp_path / "accounts", proxy, alice, bob, room_id, file)


async def test_a_file_sent_offline_arrives_in_order_once_the_server_is_back(place: Place) -> None:
    """The homeserver cannot be reached and comes back: a file between two texts arrives between them."""
    await place.proxy.cut()
    async with opened(place.alice) as alice:
        sending = []
        for body in ("before", None, "after"):
            if body is None:
                sending.append(asyncio.ensure_future(alice.send_file(place.room_id, place.file)))
            else:
                content = {"msgtype": "m.text", "body": body}
                sending.append(asyncio.ensure_future(alice.send(place.room_id, content)))
            updates = alice.updates()
            while len(await alice.queued()) < len(sending):
                await anext(updates)
        [waiting] = place.outgoing()
        assert b"witness" not in waiting.read_bytes()
        await place.proxy.mend()
        await asyncio.gather(*sending)
        assert place.outgoing() == []
    assert await place.bodies_at_bob("after") == ["before", "report.pdf", "after"]


async def test_a_file_arrives_once_over_kill_9_while_it_waits_goes_up_and_is_sent(place: Place) -> None:
    """Killed while it waits, after its upload, and after its message was taken: it is there once, whole."""
    module = "tests.client.session.attachments.file_process"
    who = (str(place.accounts), place.alice.user_id, place.room_id)
    await place.proxy.cut()
    async with place.sender(module, *who, "go", "send", str(place.file)):
        await asyncio.to_thread(eventually, lambda: is_served(place.alice), "it holds the store")
        async with open_session(place.alice, welcome=lambda _: True) as beside:
            assert isinstance(beside, RemoteSession)
            updates = beside.updates()
            while not await beside.queued():
                await anext(updates)
    assert len(place.outgoing()) == 1
    await place.proxy.mend()
    for path in ("/media/v3/upload", "/send/"):
        held = place.proxy.add(Hold(path, answers=True))
        async with place.sender("tests.client.session.sending_process", *who, "1"):
            await held.happened()
        held.release()
        assert len(place.outgoing()) == 1
    async with opened(place.alice) as alice:
        await alice.send(place.room_id, {"msgtype": "m.text", "body": "last"})
        assert place.outgoing() == []
    assert await place.bodies_at_bob("last") == ["report.pdf", "message 0", "last"]
    assert place.proxy.count("/media/v3/upload") == 2
