from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client.session.accounts import Account
from client.session.events import Membership, RoomCreation, TimelineEvent
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from tests.client.session.homeserver import Homeserver
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = pytest.mark.synapse
_PROCESS = "tests.client.session.catching_up_process"


@asynccontextmanager
async def room_with_bob(
    homeserver: Homeserver, root: Path, name: str
) -> AsyncIterator[tuple[OpenSession, Account, RoomRequests, str]]:
    """Alice's session, Bob's account, and a room that Bob is in, with one message of his in it."""
    alice_account, login = await enrolled(homeserver, root, f"{name}.alice")
    bob_account, _ = await enrolled(homeserver, root, f"{name}.bob")
    async with HttpTransport(homeserver.url, login.access_token) as transport, opened(alice_account) as alice:
        requests = RoomRequests(transport)
        room_id = await requests.create_room(
            RoomCreation(invite=(bob_account.user_id,), initial_state=ENCRYPTED)
        )
        async with opened(bob_account) as bob:
            await bob.join(room_id)
            await bob.send(room_id, {"msgtype": "m.text", "body": "I am off"})
        await next_event(alice, lambda event: event.body == "I am off")
        yield alice, bob_account, requests, room_id


async def say(session: OpenSession, room_id: str, count: int) -> list[str]:
    """Send numbered messages, and return them."""
    said = [str(number) for number in range(count)]
    for body in said:
        await session.send(room_id, {"msgtype": "m.text", "body": body})
    return said


async def whole(session: OpenSession, room_id: str) -> list[TimelineEvent]:
    """Return what a room has, once nothing is missing in it."""
    updates = session.updates()
    while await session.gaps(room_id):
        await anext(updates)
    return list(await session.timeline(room_id, limit=1000))


def _says(body: str, event: TimelineEvent) -> bool:
    return event.body == body


async def test_killed_while_catching_up_it_goes_on_and_loses_nothing(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """kill -9 between two pages of a gap: the next process has everything, in order, once."""
    async with room_with_bob(homeserver, tmp_path, "gap.killed") as (alice, bob_account, _, room_id):
        said = await say(alice, room_id, 160)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _PROCESS, str(tmp_path), bob_account.user_id, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert (await process.stdout.readline()).strip() in {body.encode() for body in said[:60]}
        process.kill()
        await process.wait()
        async with opened(bob_account) as bob:
            assert await bob.gaps(room_id), "it was killed too late to show anything"
            assert [event.body for event in await whole(bob, room_id)] == ["I am off", *said]
            assert [event.body for event in await bob.new_events()][-160:] == said


async def test_a_room_that_was_left_and_joined_again_has_what_its_member_may_read(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Invited again before 130 messages and joined after them: all are there, after what was known."""
    async with room_with_bob(homeserver, tmp_path, "gap.again") as (alice, bob_account, requests, room_id):
        async with opened(bob_account) as bob:
            await bob.leave(room_id)
        updates = alice.updates()
        while any(member.user_id == bob_account.user_id for member in await alice.members(room_id)):
            await anext(updates)
        async with opened(bob_account, welcome=lambda _: False) as bob:
            invited = bob.updates()
            await requests.invite(room_id, bob_account.user_id)
            while [room.membership for room in await bob.rooms()] != [Membership.INVITE]:
                await anext(invited)
        while not await alice.readers(room_id):
            await anext(updates)
        said = await say(alice, room_id, 130)
        async with opened(bob_account) as bob:
            await bob.join(room_id)
            await next_event(bob, lambda event: event.body == said[-1])
            events = await whole(bob, room_id)
            assert [event.body for event in events if event.body] == ["I am off", *said]


async def test_a_room_whose_server_refuses_its_past_holds_no_other_up(
    homeserver: Homeserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One room's gap hangs at the server: what is new in another room, and in this one, arrives."""
    async with room_with_bob(homeserver, tmp_path, "gap.hangs") as (alice, bob_account, requests, room_id):
        other = await requests.create_room(
            RoomCreation(invite=(bob_account.user_id,), initial_state=ENCRYPTED)
        )
        async with opened(bob_account) as bob:
            await bob.join(other)
            updates = alice.updates()
            while not await alice.readers(other):
                await anext(updates)
        said = await say(alice, room_id, 130)
        honest, may_answer = HttpTransport.request, asyncio.Event()

        async def hanging(self: HttpTransport, method: str, path: str, **rest: object) -> bytes:
            if path.endswith("/messages"):
                await may_answer.wait()
            return await honest(self, method, path, **rest)  # type: ignore[arg-type] # passed on as it came

        monkeypatch.setattr(HttpTransport, "request", hanging)
        async with opened(bob_account) as bob:
            assert len(await bob.gaps(room_id)) == 1
            for place in (other, room_id):
                await alice.send(place, {"msgtype": "m.text", "body": f"new in {place}"})
                await next_event(bob, functools.partial(_says, f"new in {place}"))
            may_answer.set()
            found = [event.body for event in await whole(bob, room_id)]
            assert found == ["I am off", *said, f"new in {room_id}"]
