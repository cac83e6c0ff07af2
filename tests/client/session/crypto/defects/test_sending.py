"""Sending: a failed share is made good, a room never hangs, and nothing leaves in plain text."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client.session.errors import NotEncrypted
from tests.client.session.crypto.defects import stock_nio
from tests.client.session.crypto.defects.case import Case, Probe
from tests.client.session.crypto.defects.peer import Peer
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import alice_and_bob

TEXT = {"msgtype": "m.text", "body": "hello"}


@contextlib.contextmanager
def _stock_sender(folder: Path, *, with_session: bool = False) -> Iterator[Any]:
    """Open the stock client in a room with a peer whose device it knows."""
    peer = Peer()
    with stock_nio.client(folder) as client:
        stock_nio.published_keys(client.olm)
        stock_nio.encrypted_room(client, peer.user_id)
        stock_nio.know(client.olm, peer)
        if with_session:
            peer.account.generate_one_time_keys(1)
            [key] = peer.account.one_time_keys.values()
            client.olm.create_session(key.to_base64(), peer.curve25519)
        yield client


class _Failing:
    """Lets requests to an endpoint fail, the first or all."""

    def __init__(self, endpoint: str, times: int) -> None:
        self._endpoint, self._times = endpoint, times

    def __call__(self, endpoint: str) -> bool:
        fails = endpoint.startswith(self._endpoint) and self._times > 0
        self._times -= fails
        return fails


async def hung_at_nio(folder: Path) -> object:
    """Return: whether a room can be used after the claim of a key failed once."""
    with _stock_sender(folder) as client:
        stock_nio.answer_with(client, bool, _Failing("keys/claim", 1))
        with pytest.raises(OSError, match="away"):
            await stock_nio.send(client, "first")
        return await _ends(stock_nio.send(client, "second"))


async def hung_at_ours(folder: Path) -> object:
    server, alice, _ = await alice_and_bob(folder)
    fails = _Failing("/keys/claim", 1)
    server.failing = lambda user, path: fails(path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        await a.send(ROOM, TEXT)
        return True


async def cancelled_at_nio(folder: Path) -> object:
    """Return: whether a room can be used after a send was cancelled while a key was claimed."""
    with _stock_sender(folder) as client:
        claiming = asyncio.Event()

        async def never(*_: object) -> None:
            claiming.set()
            await asyncio.Event().wait()

        client.keys_claim = never
        first = asyncio.ensure_future(stock_nio.send(client, "first"))
        await claiming.wait()
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        return await _ends(stock_nio.send(client, "second"))


async def cancelled_at_ours(folder: Path) -> object:
    server, alice, _ = await alice_and_bob(folder)
    claiming = asyncio.Event()

    def failing(_: str, path: str) -> bool:
        if path == "/keys/claim":
            claiming.set()
        return path == "/keys/claim" and not first.done()

    server.failing = failing
    async with alice.session() as a:
        first = asyncio.ensure_future(a.send(ROOM, TEXT))
        await claiming.wait()
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        await a.send(ROOM, TEXT)
        return True


async def _ends(work: Any) -> bool:
    """Return whether work ends. What hangs can be told from what is slow by patience only."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await work
            return True
    return False


def shared_by_nio(endpoint: str, *, with_session: bool) -> Probe:
    """Return: how often the room's key was sent to the peer, after the first attempt to do so failed.

    Of two messages neither may be without the key for good.
    """

    async def probe(folder: Path) -> object:
        requests: list[str] = []
        with _stock_sender(folder, with_session=with_session) as client:
            failing = _Failing(endpoint, 1)
            stock_nio.answer_with(client, requests.append, failing)
            if endpoint == "keys/claim":
                client.keys_claim = stock_nio.nothing  # the server answers, and has no one-time key
            for body in ("first", "second"):
                await stock_nio.send(client, body)
        assert requests.count("send/m.room.encrypted") == 2
        return requests.count("sendToDevice") - (endpoint == "sendToDevice")

    return probe


async def shared_by_ours(folder: Path) -> object:
    server, alice, bob = await alice_and_bob(folder)
    fails = _Failing("/sendToDevice", 1)
    server.failing = lambda user, path: fails(path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        await a.send(ROOM, TEXT)
    return server.told(bob.user_id, "BOB").count("m.room.encrypted")


async def shared_later_by_ours(folder: Path) -> object:
    server, alice, bob = await alice_and_bob(folder)
    mine = server.devices[bob.user_id, "BOB"]
    keys, mine.one_time_keys, mine.fallback = mine.one_time_keys, {}, {}
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        mine.one_time_keys = keys
        await a.send(ROOM, TEXT)
    return server.told(bob.user_id, "BOB").count("m.room.encrypted")


async def in_clear_by_nio(folder: Path) -> object:
    """Return: the types of what the server could read: a reaction, and a text without encryption state."""
    requests: list[str] = []
    with _stock_sender(folder, with_session=True) as client:
        stock_nio.answer_with(client, requests.append)
        reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$event", "key": "!"}}
        await client.room_send(ROOM, "m.reaction", reaction, ignore_unverified_devices=True)
        client.rooms[ROOM].encrypted = False  # as where the server keeps the event back
        await stock_nio.send(client, "hello")
    return {request.removeprefix("send/") for request in requests if request.startswith("send/")} - {
        "m.room.encrypted"
    }


async def in_clear_by_ours(folder: Path) -> object:
    server, alice, _ = await alice_and_bob(folder)
    async with alice.session() as a:
        reaction: Any = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$event", "key": "!"}}
        await a.send(ROOM, reaction, type="m.reaction")
    keyless, newcomer, _ = await alice_and_bob(folder / "newcomer")
    keyless.encryption = None
    async with newcomer.session() as a:
        with pytest.raises(NotEncrypted):
            await a.send(ROOM, TEXT)
    return {event["type"] for event in [*server.timeline, *keyless.timeline]} - {"m.room.encrypted"}


CASES = [
    Case("D13", "a room can be used after a claim failed", hung_at_nio, False, hung_at_ours, True),
    Case("D13", "a room can be used after a send was cancelled", cancelled_at_nio, False,
         cancelled_at_ours, True),
    Case("D14", "how often the key is sent after sending it failed",
         shared_by_nio("sendToDevice", with_session=True), 0, shared_by_ours, 1),
    Case("D14", "how often the key is sent to a device that had no one-time key",
         shared_by_nio("keys/claim", with_session=False), 0, shared_later_by_ours, 1),
    Case("D21", "what is sent in plain text", in_clear_by_nio, {"m.reaction", "m.room.message"},
         in_clear_by_ours, set()),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_fails_while_sending_is_made_good_and_nothing_goes_out_in_clear(
    case: Case, tmp_path: Path
) -> None:
    """Stock nio hangs, forgets who lacks the key and sends plain text; ours does none of it."""
    await case.check(tmp_path)
