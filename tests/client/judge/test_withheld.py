"""Withheld keys between Element's crypto and ours, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client.session.accounts import Accounts
from client.session.enrolment import enrol
from client.session.events import RoomCreation, Trust
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from tests.client.judge.judge import judge, needs_node
from tests.client.session.homeserver import Homeserver, running_synapse
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = [pytest.mark.synapse, needs_node]


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


async def test_each_tells_the_others_unvouched_device_why_it_gets_no_key(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Element's second device reads our `m.unverified`, and ours reads Element's, in words."""
    account, login = await enrolled(homeserver, tmp_path / "first", "withheld.alice")
    other = homeserver.register("withheld.element")
    async with judge(homeserver, other) as element, opened(account) as alice:
        async with HttpTransport(homeserver.url, login.access_token) as transport:
            creation = RoomCreation(name="ROG", invite=(other.user_id,), initial_state=ENCRYPTED)
            room_id = await RoomRequests(transport).create_room(creation)
        await element.ask("joined", join=room_id)
        later = homeserver.login(other.user_id, other.password)
        ours = homeserver.login(login.user_id, login.password)
        second = await enrol(
            Accounts(tmp_path / "second"),
            user_id=ours.user_id,
            homeserver=homeserver.url,
            device_id=ours.device_id,
            access_token=ours.access_token,
        )
        async with judge(homeserver, later, later_device=True) as unvouched, opened(second) as here:
            updates = alice.updates()
            while await alice.readers(room_id) != {other.user_id}:
                await anext(updates)
            sent = await alice.send(room_id, {"msgtype": "m.text", "body": "for vouched devices"})
            read = await unvouched.until(event_id=sent.event_id, type="m.room.message")
            assert read["failed"] == "MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE"
            assert (await element.until(event_id=sent.event_id, type="m.room.message"))["failed"] is None
            element.tell(send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "from Element"}})
            assert (
                await next_event(alice, lambda event: event.body == "from Element")
            ).sender == other.user_id
            event = await next_event(
                here,
                lambda event: event.sender == other.user_id and "vouches" in (event.reason or ""),
            )
            assert event.trust is Trust.UNDECRYPTABLE
            assert (event.reason or "").startswith(f"{other.user_id} gives no key to a device")
