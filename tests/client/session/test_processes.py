from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from client.session.accounts import Account
from client.session.errors import StoreHeld, UnknownRoom
from client.session.events import RoomCreation, TimelineEvent
from client.session.http_transport import HttpTransport
from client.session.local.local_socket import socket_path
from client.session.opening import open_session
from client.session.remote import RemoteSession
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from client.session.store.account_lock import held_store
from tests.client.session.homeserver import Homeserver
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

_PROCESS = "tests.client.session.sending_process"


async def _room(homeserver: Homeserver, root: Path, name: str) -> tuple[Account, Account, str]:
    alice, login = await enrolled(homeserver, root, f"{name}.alice")
    bob, _ = await enrolled(homeserver, root, f"{name}.bob")
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        creation = RoomCreation(invite=(bob.user_id,), initial_state=ENCRYPTED)
        return alice, bob, await RoomRequests(transport).create_room(creation)


@pytest.mark.synapse
async def test_a_second_process_speaks_through_the_one_that_holds_the_store(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """While one session holds the store, a second one sends, lists and listens through its socket."""
    alice, _, room_id = await _room(homeserver, tmp_path, "holder")
    async with open_session(alice, welcome=lambda _: True) as held:
        assert isinstance(held, OpenSession)
        assert socket_path(alice.wanted_socket).stat().st_mode & 0o777 == 0o600
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _PROCESS, str(tmp_path), alice.user_id, room_id, "2",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert output.split()[0] == b"RemoteSession"
        assert process.returncode == 0
        await next_event(held, lambda event: event.body == "message 1")
        async with open_session(alice, welcome=lambda _: True) as remote:
            assert isinstance(remote, RemoteSession)
            assert await remote.rooms() == await held.rooms()
            assert await remote.members(room_id) == await held.members(room_id)
            assert await remote.timeline(room_id) == await held.timeline(room_id)
            updates = remote.updates()
            for session in (remote, held):  # what one was told and has not taken, another is told
                assert [event.body for event in await session.new_events()] == ["message 0", "message 1"]
            assert await remote.new_events() == []
            assert await held.new_events() == []
            sent = await remote.send(room_id, {"msgtype": "m.text", "body": "third"})
            async for update in updates:
                if isinstance(update, TimelineEvent):
                    assert update.event_id == sent.event_id
                    break
            with pytest.raises(UnknownRoom, match="nowhere"):
                await remote.send("!nowhere", {})
    assert not socket_path(alice.wanted_socket).exists()


@pytest.mark.synapse
async def test_a_remote_session_learns_that_its_holder_has_gone(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """When the holder closes, the other side's iteration ends and its next call says so."""
    alice, _, _ = await _room(homeserver, tmp_path, "gone")
    async with opened(alice):
        pass
    async with asyncio.TaskGroup() as group:
        is_open, may_close = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with open_session(alice, welcome=lambda _: True):
                is_open.set()
                await may_close.wait()

        group.create_task(hold())
        await is_open.wait()
        async with open_session(alice, welcome=lambda _: True) as remote:
            updates = remote.updates()
            await remote.rooms()
            may_close.set()
            async for _ in updates:
                pass
            with pytest.raises(StoreHeld, match="ended"):
                await remote.rooms()


@pytest.mark.synapse
async def test_a_store_whose_holder_does_not_answer_is_refused_with_its_process_id(
    homeserver: Homeserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held by a process without a socket, the store is refused, and the error names the process."""
    alice, _, _ = await _room(homeserver, tmp_path, "silent")
    monkeypatch.setattr("client.session.opening._HOLDER_PATIENCE", 0.1)
    with held_store(alice.lock_path, alice.user_id), pytest.raises(StoreHeld, match=str(os.getpid())):
        async with open_session(alice, welcome=lambda _: True):
            pass


@pytest.mark.synapse
async def test_killed_while_sending_it_sends_the_rest_once(homeserver: Homeserver, tmp_path: Path) -> None:
    """kill -9 of a sending process: after its restart everything queued has arrived, in order, once."""
    alice, bob, room_id = await _room(homeserver, tmp_path, "killed")
    count = 40
    async with opened(bob) as receiver:
        await receiver.join(room_id)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _PROCESS, str(tmp_path), alice.user_id, room_id, str(count),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        while (await process.stdout.readline()).strip() != str(count - 1).encode():
            pass
        await next_event(receiver, lambda event: event.body == "message 3")
        process.kill()
        await process.wait()
        arrived = [event for event in await receiver.timeline(room_id) if event.body]
        assert len(arrived) < count, "it was killed too late to show anything"
        async with opened(alice) as again:
            sent = [
                await again.send(room_id, {"msgtype": "m.text", "body": "x"}, transaction_id=f"numbered-{n}")
                for n in range(count)
            ]
            assert len({event.event_id for event in sent}) == count
        last = await next_event(receiver, lambda event: event.body == f"message {count - 1}")
        bodies = [event.body for event in await receiver.timeline(room_id, before=last.position + 1)]
        assert bodies == [f"message {number}" for number in range(count)]
