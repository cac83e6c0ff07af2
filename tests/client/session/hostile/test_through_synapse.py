from __future__ import annotations

import logging
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from client.session.events import Connection, RoomCreation, Trust
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from tests.client.session.fake_homeserver import FakeDevice
from tests.client.session.homeserver import Homeserver, Login, call
from tests.client.session.hostile.fuzzer import Fuzzer
from tests.client.session.hostile.olm_bodies import OlmBodies
from tests.client.session.hostile.pieces import STATE, TIMELINE, TO_DEVICE
from tests.client.session.hostile.spelling import write
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

_CLIENT = "/_matrix/client/v3"
_ROUNDS = 20
_OWN_STATE = {"m.room.create", "m.room.member", "m.room.encryption", "m.room.history_visibility"}


class _Mallory:
    """A hostile user of an honest server, who sends what the server takes."""

    def __init__(self, homeserver: Homeserver, login: Login) -> None:
        self._homeserver = homeserver
        self._login = login
        self._number = 0
        self.taken = self.refused = 0

    def put(self, path: str, body: Any) -> None:
        """Send a body as it is spelt; whether the server takes it is its own matter."""
        self._number += 1
        url = f"{self._homeserver.url}{_CLIENT}{path.replace('NUMBER', str(self._number))}"
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._login.access_token}",
        }
        request = urllib.request.Request(url, data=write(body), headers=headers, method="PUT")  # noqa: S310 # loopback
        try:
            with urllib.request.urlopen(request, timeout=30):  # noqa: S310 # loopback
                self.taken += 1
        except (urllib.error.URLError, ConnectionError):
            self.refused += 1


def _device(homeserver: Homeserver, login: Login, bob: Login) -> FakeDevice:
    """What a stranger can have of Bob's device: its keys, and one key to begin sessions with."""
    token, path = login.access_token, f"{_CLIENT}/keys"
    query: Any = call(homeserver.url, "POST", f"{path}/query", {"device_keys": {bob.user_id: []}}, token)
    wanted = {bob.user_id: {bob.device_id: "signed_curve25519"}}
    claim: Any = call(homeserver.url, "POST", f"{path}/claim", {"one_time_keys": wanted}, token)
    return FakeDevice(
        keys=query["device_keys"][bob.user_id][bob.device_id],
        fallback=claim["one_time_keys"][bob.user_id][bob.device_id],
    )


@pytest.mark.synapse
async def test_what_a_real_server_lets_through_costs_nobody_anything(
    homeserver: Homeserver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A hostile member of the room sends 240 inputs that Synapse judges; the good messages between arrive."""
    alice_account, alice_login = await enrolled(homeserver, tmp_path, "hostile.alice")
    bob_account, bob_login = await enrolled(homeserver, tmp_path, "hostile.bob")
    login = homeserver.register("hostile.mallory")
    async with HttpTransport(homeserver.url, alice_login.access_token) as transport:
        creation = RoomCreation(
            invite=(bob_account.user_id, login.user_id),
            initial_state=ENCRYPTED,
            power_level_content_override={"users": {login.user_id: 100}},
        )
        room_id = await RoomRequests(transport).create_room(creation)
    call(homeserver.url, "POST", f"{_CLIENT}/join/{quote(room_id)}", {}, login.access_token)
    fuzzer, mallory = Fuzzer(7), _Mallory(homeserver, login)
    bodies = OlmBodies(fuzzer, _device(homeserver, login, bob_login), bob_account.user_id, login.user_id)
    states = [one for one in STATE if one[0] not in _OWN_STATE and one[0] != "m.room.power_levels"]

    def to_device(type: str, content: Any) -> None:
        messages = {bob_account.user_id: {bob_login.device_id: content}}
        mallory.put(f"/sendToDevice/{quote(type)}/NUMBER", {"messages": messages})

    with caplog.at_level(logging.INFO, logger="client"):
        async with opened(alice_account) as alice, opened(bob_account) as bob:
            await bob.join(room_id)
            for number in range(_ROUNDS):
                for _ in range(4):
                    type, content = fuzzer.any_of(TO_DEVICE)
                    to_device(type, fuzzer.spoilt(content))
                    message = bodies.one()
                    to_device("m.room.encrypted", message.get("content") if isinstance(message, dict) else 5)
                for _ in range(3):
                    type, content = fuzzer.any_of(TIMELINE)
                    mallory.put(f"/rooms/{quote(room_id)}/send/{quote(type)}/NUMBER", fuzzer.spoilt(content))
                type, key, content = fuzzer.any_of(states)
                mallory.put(
                    f"/rooms/{quote(room_id)}/state/{quote(type)}/{quote(key)}", fuzzer.spoilt(content)
                )
                sent = await alice.send(room_id, {"msgtype": "m.text", "body": f"good {number}"})
                event = await next_event(bob, lambda event, sent=sent: event.event_id == sent.event_id)  # type: ignore[misc] # bound at once
                assert (event.body, event.trust) == (f"good {number}", Trust.PINNED)
            assert bob.connection is Connection.LIVE
            assert await bob.members(room_id)
    sys.stdout.write(f"{mallory.taken} taken by Synapse, {mallory.refused} refused\n")
    assert mallory.taken > mallory.refused
    assert len(caplog.records) <= mallory.taken + _ROUNDS
