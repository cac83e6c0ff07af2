from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from client.session.errors import LoggedOut, NotAllowed, UnknownRoom
from client.session.events import Connection, Membership, RoomCreation, Trust
from client.session.http_transport import HttpTransport
from client.session.login import log_in, log_out
from client.session.rooms import RoomRequests
from tests.client.session.homeserver import Homeserver
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = pytest.mark.synapse


def _found_in_clear(root: Path, canary: bytes) -> list[Path]:
    files = [path for path in root.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if canary in path.read_bytes()]


async def test_a_backlog_longer_than_one_answer_arrives_whole_and_in_order(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """130 messages sent while Bob was away, over three sessions, are all there, in order, once."""
    alice_account, login = await enrolled(homeserver, tmp_path, "back.alice")
    bob_account, _ = await enrolled(homeserver, tmp_path, "back.bob")
    count = 130
    async with HttpTransport(homeserver.url, login.access_token) as transport, opened(alice_account) as alice:
        creation = RoomCreation(invite=(bob_account.user_id,), initial_state=ENCRYPTED)
        room_id = await RoomRequests(transport).create_room(creation)
        async with opened(bob_account) as bob:
            await bob.join(room_id)
            await bob.send(room_id, {"msgtype": "m.text", "body": "I am off"})
        await next_event(alice, lambda event: event.body == "I am off")
        for number in range(count):
            await alice.send(room_id, {"msgtype": "m.text", "body": str(number)})
        async with opened(bob_account) as bob:
            updates = bob.updates()
            while await bob.gaps(room_id):
                await anext(updates)
            events = [event for event in await bob.new_events() if event.sender == alice.user_id]
            assert [event.body for event in events] == [str(number) for number in range(count)]
            assert {event.trust for event in events} == {Trust.PINNED}
            assert [event.position for event in events] == sorted(event.position for event in events)
        assert _found_in_clear(tmp_path, b"I am off") == []


async def test_an_invitation_can_be_seen_rejected_and_a_room_left(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """An invitation that is not welcome stays to be seen, with its inviter; leaving ends both kinds."""
    alice_account, login = await enrolled(homeserver, tmp_path, "leave.alice")
    bob_account, _ = await enrolled(homeserver, tmp_path, "leave.bob")
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        rooms = RoomRequests(transport)
        async with opened(bob_account, welcome=lambda _: False) as bob:
            updates = bob.updates()
            room_id = await rooms.create_room(
                RoomCreation(name="Lobby", invite=(bob.user_id,), initial_state=ENCRYPTED)
            )
            while not (invitations := await bob.rooms()):
                await anext(updates)
            [invitation] = invitations
            assert (invitation.name, invitation.membership) == ("Lobby", Membership.INVITE)
            assert (invitation.inviter, invitation.encrypted) == (alice_account.user_id, True)
            with pytest.raises(UnknownRoom):
                await bob.send(room_id, {"msgtype": "m.text", "body": "too early"})
            await bob.leave(room_id)
            assert await bob.rooms() == []
            await rooms.invite(room_id, bob.user_id)
            while not await bob.rooms():
                await anext(updates)
            await bob.join(room_id)
            powers = {member.user_id: member.power_level for member in await bob.members(room_id)}
            assert powers == {alice_account.user_id: None, bob.user_id: 0}
            await bob.leave(room_id)
            assert await bob.rooms() == []


async def test_a_login_opens_enrols_and_ends(homeserver: Homeserver, tmp_path: Path) -> None:
    """A password logs in, a wrong one is refused in words, a session whose token ended says so when used."""
    account, login = await enrolled(homeserver, tmp_path, "login.1")
    with pytest.raises(NotAllowed, match="password"):
        await log_in(homeserver.url, login.user_id, "wrong")
    second = await log_in(homeserver.url, login.user_id, login.password)
    assert second.user_id == login.user_id
    assert second.access_token not in repr(second)
    await log_out(homeserver.url, second.access_token)
    await log_out(homeserver.url, second.access_token)
    await log_out(homeserver.url, login.access_token)
    async with opened(account) as session:
        assert session.connection is Connection.LOGGED_OUT
        with pytest.raises(LoggedOut, match="login"):
            await session.send("!room", {})


async def test_a_redaction_and_a_topic_reach_the_other_side(homeserver: Homeserver, tmp_path: Path) -> None:
    """A real redaction empties the event, and a changed topic is told of and shown."""
    alice_account, login = await enrolled(homeserver, tmp_path, "redact.alice")
    bob_account, _ = await enrolled(homeserver, tmp_path, "redact.bob")
    async with (
        HttpTransport(homeserver.url, login.access_token) as transport,
        opened(alice_account) as alice,
        opened(bob_account) as bob,
    ):
        rooms = RoomRequests(transport)
        room_id = await rooms.create_room(RoomCreation(invite=(bob.user_id,), initial_state=ENCRYPTED))
        updates = alice.updates()
        while not await alice.readers(room_id):
            await anext(updates)
        sent = await alice.send(room_id, {"msgtype": "m.text", "body": "a slip"})
        await next_event(bob, lambda event: event.body == "a slip")
        path = f"/_matrix/client/v3/rooms/{room_id}/redact/{sent.event_id}/once"
        await transport.request("PUT", path, body={})
        redacted = await next_event(bob, lambda event: event.event_id == sent.event_id and event.body is None)
        assert redacted.content == {}
        updates = bob.updates()
        await rooms.put_state(room_id, "m.room.topic", {"topic": "Quarterly"})
        async with asyncio.timeout(10):
            while (await bob.rooms())[0].topic != "Quarterly":
                await anext(updates)
