"""Following the devices of others: broken keys, a device that returns, an answer that was overtaken."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.client.session.crypto.defects import stock_nio
from tests.client.session.crypto.defects.case import Case, Probe
from tests.client.session.crypto.defects.peer import Object, Peer
from tests.client.session.crypto.defects.receivers import our_receiver
from tests.client.session.fake_people import alice_and_bob

MALLORY = "@mallory:m.test"


def _broken(name: str) -> Object:
    keys = Peer(MALLORY, "M").device_keys()
    match name:
        case "a signing key that is none":
            keys["keys"]["ed25519:M"] = "!!!not base64"
        case "no user id":
            del keys["user_id"]
    return keys


def beside_nio(name: str) -> Probe:
    """Return: whether an honest user's device is known, whose keys came in one answer with broken ones."""

    async def probe(folder: Path) -> object:
        peer = Peer()
        answer = {MALLORY: {"M": _broken(name)}, peer.user_id: {peer.device_id: peer.device_keys()}}
        with stock_nio.machine(folder) as olm:
            with contextlib.suppress(Exception):  # as a program that goes on after an error
                olm.handle_response(stock_nio.keys_answer(**answer))
            return bool(list(olm.device_store.active_user_devices(peer.user_id)))

    return probe


def beside_ours(name: str) -> Probe:
    async def probe(folder: Path) -> object:
        peer = Peer()
        async with our_receiver(folder) as receiver:
            server, devices = receiver.server, receiver.machine().devices
            for user, device, keys in (
                (MALLORY, "M", _broken(name)),
                (peer.user_id, peer.device_id, peer.device_keys()),
            ):
                server.transport(user, device)
                server.devices[user, device].keys = keys
            await devices.refresh([MALLORY, peer.user_id])
            return bool(devices.devices(peer.user_id))

    return probe


async def returned_to_nio(folder: Path) -> object:
    """Return: whether a device is there that was absent from one answer and is back in the next."""
    peer = Peer()
    there = {peer.user_id: {peer.device_id: peer.device_keys()}}
    with stock_nio.machine(folder) as olm:
        for answer in (there, {peer.user_id: Object()}, there):
            olm.handle_response(stock_nio.keys_answer(**answer))
        return bool(list(olm.device_store.active_user_devices(peer.user_id)))


async def returned_to_ours(folder: Path) -> object:
    peer = Peer()
    async with our_receiver(folder) as receiver:
        devices = receiver.machine().devices
        await receiver.know(peer)
        for keys in ({}, peer.device_keys()):
            receiver.server.devices[peer.user_id, peer.device_id].keys = keys
            devices.mark_stale([peer.user_id])
            await devices.refresh([peer.user_id])
        return bool(devices.devices(peer.user_id))


async def overtaken_at_nio(folder: Path) -> object:
    """Return: whether a user is asked for again whose keys changed while the query was on its way."""
    with stock_nio.machine(folder) as olm:
        olm.users_for_key_query.add(MALLORY)
        olm.add_changed_users({MALLORY})  # the query is on its way, and sync tells of another change
        olm.handle_response(stock_nio.keys_answer(**{MALLORY: {}}))
        return MALLORY in olm.users_for_key_query


async def overtaken_at_ours(folder: Path) -> object:
    async with our_receiver(folder) as receiver:
        server, devices = receiver.server, receiver.machine().devices

        def overtake(answer: Object) -> Object:
            server.rewrite_keys = lambda answer: answer
            devices.mark_changed([MALLORY])
            return answer

        await devices.refresh([MALLORY])
        devices.mark_stale([MALLORY])
        server.requests.clear()
        server.rewrite_keys = overtake
        await devices.refresh([MALLORY])
        return len([path for _, path, _ in server.requests if path == "/keys/query"]) == 2


async def stale_at_nio(folder: Path) -> object:
    """Return: whether a message waits for the keys of a member that are known to be out of date."""
    asked: list[Any] = []
    peer = Peer()
    with stock_nio.client(folder) as client:
        stock_nio.published_keys(client.olm)
        stock_nio.encrypted_room(client, peer.user_id)
        stock_nio.know(client.olm, peer)
        client.olm.users_for_key_query.add(peer.user_id)
        stock_nio.answer_with(client, asked.append)
        await stock_nio.send(client, "hello")
    return "keys/query" in asked


async def stale_at_ours(folder: Path) -> object:
    server, alice, bob = await alice_and_bob(folder)
    async with alice.session() as a:
        await a._machine.devices.refresh([bob.user_id])
        a._machine.devices.mark_stale([bob.user_id])
        server.requests.clear()
        await a.send("!room", {"msgtype": "m.text", "body": "hello"})
        return any(path == "/keys/query" for _, path, _ in server.requests)


CASES = [
    *(Case("D7", f"an honest device beside {name}", beside_nio(name), False, beside_ours(name), True)
      for name in ("a signing key that is none", "no user id")),
    Case("D11", "a device that was away is there again", returned_to_nio, False, returned_to_ours, True),
    Case("D12", "an overtaken answer is asked for again", overtaken_at_nio, False, overtaken_at_ours, True),
    Case("D12", "a message waits for keys that are stale", stale_at_nio, False, stale_at_ours, True),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_the_keys_of_others_are_followed(case: Case, tmp_path: Path) -> None:
    """Stock nio loses devices by what others publish and by answers that cross; ours does not."""
    await case.check(tmp_path)
