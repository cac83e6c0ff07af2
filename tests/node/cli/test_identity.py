"""`rogatory identity` and `rogatory rooms --seal`, over a real homeserver, as a person uses them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from client.session.events import RoomCreation
from client.session.http_transport import HttpTransport
from client.session.opening import open_session
from client.session.rooms import RoomRequests
from node.home import open_home
from tests.client.session.homeserver import Homeserver, Login, running_synapse
from tests.client.session.people import ENCRYPTED
from tests.network.rogatory import Rogatory

pytestmark = pytest.mark.synapse


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


async def _at_home(homeserver: Homeserver, home: Path, login: Login) -> Account:
    return await enrol(
        Accounts(open_home(home, create=True).accounts),
        user_id=login.user_id,
        homeserver=homeserver.url,
        device_id=login.device_id,
        access_token=login.access_token,
    )


async def _room(homeserver: Homeserver, owner: Login, guest: Login) -> str:
    async with HttpTransport(homeserver.url, owner.access_token) as transport:
        creation = RoomCreation(name="ROG", invite=(guest.user_id,), initial_state=ENCRYPTED)
        room_id = await RoomRequests(transport).create_room(creation)
    async with HttpTransport(homeserver.url, guest.access_token) as transport:
        await RoomRequests(transport).join(room_id)
    return room_id


async def _begin_anew(account: Account, login: Login) -> None:
    async with open_session(account, welcome=lambda _: True) as session:
        await session.reset_identity(password=login.password)


async def test_a_changed_identity_blocks_until_it_is_accepted_by_hand(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """A message is refused with the command to run; `n` changes nothing, `y` accepts, and it goes."""
    alice, bob = homeserver.register("identity.alice"), homeserver.register("identity.bob")
    home = tmp_path / "a"
    await _at_home(homeserver, home, alice)
    theirs = await _at_home(homeserver, tmp_path / "b", bob)
    room = await _room(homeserver, alice, bob)
    rogatory = Rogatory(home)

    def run(*arguments: str, expect: int = 0, stdin: str = "") -> str:
        done = rogatory.run(*arguments, expect=expect, stdin=stdin)
        return done.stdout + done.stderr

    await asyncio.to_thread(run, "send", room, "before")
    first = await asyncio.to_thread(rogatory.json, "identity", bob.user_id)
    assert (first["changed"], first["verified"], first["attested"]) == (False, False, False)
    assert first["master_key"] == first["pinned_master_key"]
    await _begin_anew(theirs, bob)
    changed = await asyncio.to_thread(rogatory.json, "identity", bob.user_id)
    assert changed["changed"]
    assert changed["pinned_master_key"] == first["master_key"] != changed["master_key"]
    refused = await asyncio.to_thread(run, "send", room, "to whom?", expect=3)
    assert f"rogatory identity {bob.user_id} --accept" in refused
    for answer in ("n\n", ""):
        told = await asyncio.to_thread(run, "identity", bob.user_id, "--accept", expect=3, stdin=answer)
        assert changed["master_key"][:4] in told
    await asyncio.to_thread(run, "identity", bob.user_id, "--accept", stdin="y\n")
    assert not (await asyncio.to_thread(rogatory.json, "identity", bob.user_id))["changed"]
    await asyncio.to_thread(run, "send", room, "after")


async def test_a_room_is_sealed_from_the_command_line(homeserver: Homeserver, tmp_path: Path) -> None:
    """Sealed, the room is shown so, and a message to an unverified member is refused with their name."""
    alice, bob = homeserver.register("seal.alice"), homeserver.register("seal.bob")
    await _at_home(homeserver, tmp_path / "a", alice)
    await _at_home(homeserver, tmp_path / "b", bob)
    room = await _room(homeserver, alice, bob)
    rogatory = Rogatory(tmp_path / "a")
    [shown] = (await asyncio.to_thread(rogatory.json, "rooms", "--seal", "ROG"))["rooms"]
    assert (shown["room_id"], shown["sealed"]) == (room, True)
    done = await asyncio.to_thread(rogatory.run, "send", room, "hello", expect=3)
    assert f"it would leave out {bob.user_id}" in done.stderr
