"""The Court's bot on a real homeserver with real sessions: what is decrypted is what was signed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from bridge.court import CourtBot
from bridge.errors import IssueInterrupted
from bridge.register import Register
from bridge.request_record import RequestStatus
from bridge.request_room import MARK
from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from client.session.errors import HomeserverUnreachable
from client.session.events import RoomCreation
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from policies.requests.wire import CONTENT_KEY, read_request, verify_request
from policies.trust.manifest import Manifest
from tests.bridge.fake_court import KEY
from tests.client.session.homeserver import Homeserver, Login, running_synapse
from tests.client.session.people import enrolled, next_event, opened
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import MANIFEST, NOW, OTP, node

pytestmark = pytest.mark.synapse


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("court")) as server:
        yield server


def manifest_of(homeserver: Homeserver, bot: str) -> Manifest:
    organ = msgspec.structs.replace(MANIFEST.organ("OTP"), user_id=bot)
    here = msgspec.structs.replace(node("court", 8448), server_name=homeserver.name)
    return msgspec.structs.replace(MANIFEST, nodes=(here,), organs=(organ,))


class LostAnswer(RoomRequests):
    """The real room calls, whose answer to a creation is lost on the way: the room exists all the same."""

    async def create_room(self, creation: RoomCreation) -> str:
        await super().create_room(creation)
        raise HomeserverUnreachable("No answer.", why="It was lost.", remedy="Wait.")


@asynccontextmanager
async def court(
    account: Account, login: Login, manifest: Manifest, path: Path, calls: type[RoomRequests] = RoomRequests
) -> AsyncIterator[CourtBot]:
    async with HttpTransport(account.homeserver, login.access_token) as transport, opened(account) as session:
        with Register.open(path, KEY, now=lambda: NOW) as register:
            yield CourtBot(session, calls(transport), register, OTP, manifest, poll=0.1)


async def test_delivered_once_the_addressee_can_read_it(homeserver: Homeserver, tmp_path: Path) -> None:
    """Without keys the addressee gets nothing; once enrolled, a signed request that holds in its room."""
    account, login = await enrolled(homeserver, tmp_path / "otp", "otp.one")
    addressee = homeserver.register("sen.one")
    manifest = manifest_of(homeserver, login.user_id)
    async with court(account, login, manifest, tmp_path / "register.db") as bot:
        issued = await bot.issue(sample_draft(), [addressee.user_id], patience=0.5)
        assert not issued.delivered
        theirs = await enrol(
            Accounts(tmp_path / "sen"),
            user_id=addressee.user_id,
            homeserver=homeserver.url,
            device_id=addressee.device_id,
            access_token=addressee.access_token,
        )
        [record] = await bot.resume(patience=30.0)
        assert record.status is RequestStatus.DELIVERED
    async with opened(theirs) as session:  # joins only now: history is `invited`
        event = await next_event(session, lambda event: CONTENT_KEY in event.content)
    request = read_request(event.content)
    assert request is not None
    assert (request.id, event.room_id, event.event_id) == (issued.id, issued.room_id, record.event_id)
    assert event.sender == login.user_id
    assert verify_request(event.content, room_id=event.room_id, manifest=manifest).holds
    assert not verify_request(event.content, room_id="!elsewhere", manifest=manifest).holds


async def test_a_room_whose_creation_was_not_answered(homeserver: Homeserver, tmp_path: Path) -> None:
    """The request is finished in the room that the server did make, and there is no second one."""
    account, login = await enrolled(homeserver, tmp_path / "otp", "otp.two")
    theirs, _ = await enrolled(homeserver, tmp_path / "sen", "sen.two")
    manifest = manifest_of(homeserver, login.user_id)
    path = tmp_path / "register.db"
    async with court(account, login, manifest, path, LostAnswer) as bot:
        with pytest.raises(IssueInterrupted):
            await bot.issue(sample_draft(), [theirs.user_id])
    async with court(account, login, manifest, path, LostAnswer) as bot:
        [record] = await bot.resume(patience=30.0)
        assert record.status is RequestStatus.DELIVERED
        assert await bot.resume() == ()
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        states = await RoomRequests(transport).all_joined_states()
    [(room_id, state)] = states.items()
    assert room_id == record.room_id
    assert [event.content for event in state if event.type == MARK] == [{"request_id": record.request_id}]
    async with opened(theirs) as session:
        await next_event(session, lambda event: CONTENT_KEY in event.content)
        events = await session.timeline(room_id)
    assert [event.event_id for event in events if CONTENT_KEY in event.content] == [record.event_id]
