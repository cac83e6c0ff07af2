"""Our one-time keys: used up for good, renewed from nothing, and the same after a kill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from vodozemac import Curve25519PublicKey, PreKeyMessage

from client.session.crypto.machine import Machine
from client.session.crypto.olm_sessions import OlmUnreadable
from tests.client.session.crypto.defects import stock_nio
from tests.client.session.crypto.defects.case import Case
from tests.client.session.crypto.defects.peer import Object, Peer
from tests.client.session.fake_homeserver import FakeHomeserver
from tests.client.session.fake_people import Person


def _first_message(curve25519: str, ed25519: str, one_time_key: str) -> tuple[Peer, Object]:
    peer = Peer()
    peer.begin(curve25519, one_time_key)
    payload = peer.payload((stock_nio.ME, ed25519), "m.dummy", {})
    return peer, peer.to_device(curve25519, payload)


async def _me(folder: Path) -> tuple[FakeHomeserver, Person]:
    server = FakeHomeserver(stock_nio.ME)
    return server, await Person(server, stock_nio.ME, "ME", folder).enrol()


async def reused_by_nio(folder: Path) -> object:
    """Return: whether the store still has the one-time key of a message that was read, after a restart."""
    with stock_nio.machine(folder) as olm:
        keys = olm.account.identity_keys
        [one_time_key, *_] = stock_nio.published_keys(olm)
        peer, message = _first_message(keys["curve25519"], keys["ed25519"], one_time_key)
        olm.handle_to_device_event(stock_nio.nio.ToDeviceEvent.parse_event(message))
        [ciphertext] = message["content"]["ciphertext"].values()
    with stock_nio.machine(folder) as again:
        account = again.store.load_account()._account
        prekey = PreKeyMessage.from_base64(ciphertext["body"])
        account.create_inbound_session(Curve25519PublicKey.from_base64(peer.curve25519), prekey)
        return True


async def reused_by_ours(folder: Path) -> object:
    server, me = await _me(folder)
    mine = server.devices[me.user_id, "ME"]
    keys = mine.keys["keys"]
    one_time_key = mine.one_time_keys.pop(next(iter(mine.one_time_keys)))["key"]
    peer, message = _first_message(keys["curve25519:ME"], keys["ed25519:ME"], one_time_key)
    await server.put_to_device(me.user_id, "ME", message)
    async with me.session():
        pass
    db = me.store()
    try:
        db.execute("DELETE FROM olm_sessions")
        [ciphertext] = message["content"]["ciphertext"].values()
        Machine(db, me.transport).olm.decrypt(peer.curve25519, ciphertext["type"], ciphertext["body"])
    except OlmUnreadable:
        return False
    finally:
        db.close()
    return True


async def renewed_by_nio(folder: Path) -> object:
    """Return: whether new keys are published once the server has none left."""
    with stock_nio.client(folder) as client:
        stock_nio.published_keys(client.olm)
        await client.receive_response(stock_nio.sync_answer(one_time_keys=50))
        await client.receive_response(stock_nio.sync_answer(one_time_keys=0))
        return client.should_upload_keys


async def renewed_by_ours(folder: Path) -> object:
    server, me = await _me(folder)
    server.devices[me.user_id, "ME"].one_time_keys = {}
    async with me.session():
        return len(server.devices[me.user_id, "ME"].one_time_keys) > 0


async def repeated_by_nio(folder: Path) -> object:
    """Return: whether keys that were sent, when the process died, are sent again as they were."""
    uploads: list[dict[str, Any]] = []
    for _ in range(2):
        with stock_nio.machine(folder) as olm:
            uploads.append({name: key["key"] for name, key in olm.share_keys()["one_time_keys"].items()})
    assert uploads[0].keys() == uploads[1].keys()  # the same names: the server refuses a second set
    return uploads[0] == uploads[1]


async def repeated_by_ours(folder: Path) -> object:
    """Return: whether the keys that the server has, when the process died, are ours in the next one too."""
    server, me = await _me(folder)
    mine = server.devices[me.user_id, "ME"]
    mine.one_time_keys = {}
    server.losing_answers = lambda user, path: path == "/keys/upload"
    async with me.session():
        pass
    uploaded = dict(mine.one_time_keys)
    assert uploaded
    async with me.session():
        pass
    if {name: mine.one_time_keys[name]["key"] for name in uploaded} != {
        name: key["key"] for name, key in uploaded.items()
    }:
        return False
    keys = mine.keys["keys"]
    key = next(iter(uploaded.values()))["key"]
    peer, message = _first_message(keys["curve25519:ME"], keys["ed25519:ME"], key)
    [ciphertext] = message["content"]["ciphertext"].values()
    db = me.store()
    try:
        Machine(db, me.transport).olm.decrypt(peer.curve25519, ciphertext["type"], ciphertext["body"])
    except OlmUnreadable:
        return False
    finally:
        db.close()
    return True


CASES = [
    Case("D8", "a used one-time key is still in the store", reused_by_nio, True, reused_by_ours, False),
    Case("D9", "one-time keys are renewed from nothing", renewed_by_nio, False, renewed_by_ours, True),
    Case(
        "D10", "after a kill the uploaded keys are still ours", repeated_by_nio, False, repeated_by_ours, True
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_one_time_key_is_used_once_and_replaced(case: Case, tmp_path: Path) -> None:
    """Stock nio keeps what is used, and neither renews nor repeats what it publishes; ours does."""
    await case.check(tmp_path)
