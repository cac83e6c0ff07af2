from __future__ import annotations

import base64
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest
from vodozemac import Account, Curve25519PublicKey

from client.session.crypto.machine import Machine
from client.session.crypto.olm_account import OLM
from client.session.crypto.olm_sessions import OlmUnreadable
from client.session.events import Trust
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

Object = dict[str, Any]


def _olm(sender_key: str, recipient_key: str, kind: object, body: object) -> Object:
    content = {
        "algorithm": OLM,
        "sender_key": sender_key,
        "ciphertext": {recipient_key: {"type": kind, "body": body}},
    }
    return {"type": "m.room.encrypted", "sender": "@mallory:c.test", "content": content}


def _prekey(sender: Account, bob_curve25519: str, one_time_key: str, payload: bytes) -> Object:
    session = sender.create_outbound_session(
        Curve25519PublicKey.from_base64(bob_curve25519), Curve25519PublicKey.from_base64(one_time_key)
    )
    kind, ciphertext = session.encrypt(payload).to_parts()
    body = base64.b64encode(ciphertext).decode().rstrip("=")
    return _olm(sender.curve25519_key.to_base64(), bob_curve25519, kind, body)


def _take_one_time_key(server: FakeHomeserver, person: Person) -> str:
    keys = server.devices[person.user_id, person.device_id].one_time_keys
    key: str = keys.pop(next(iter(keys)))["key"]
    return key


async def test_no_malformed_message_costs_the_next_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Malformed, for an unknown key, of wrong types: logged once each, the good one arrives (D5, D6)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    keys = server.devices[bob.user_id, bob.device_id].keys["keys"]
    curve25519 = keys["curve25519:BOB"]
    mallory = Account()
    mallory_key = mallory.curve25519_key.to_base64()
    hostile: list[Any] = [
        _olm(mallory_key, curve25519, 0, "not base64 !"),
        _olm(mallory_key, curve25519, 0, "AAAA"),
        _olm(mallory_key, curve25519, 1, "AAAA"),
        _olm(mallory_key, curve25519, 7, "AAAA"),
        _olm(mallory_key, curve25519, -1, "AAAA"),
        _olm(mallory_key, curve25519, 2**70, "AAAA"),
        _olm(mallory_key, curve25519, "0", "AAAA"),
        _olm(mallory_key, curve25519, 0, "\ud7ff\u0000"),
        _olm("short", curve25519, 0, "AAAA"),
        _olm(mallory_key, "other", 0, "AAAA"),
        _prekey(mallory, curve25519, Account().curve25519_key.to_base64(), b"{}"),  # a key Bob never made
        *(
            _prekey(mallory, curve25519, _take_one_time_key(server, bob), payload)
            for payload in (b"", b"[]", b"\xff")
        ),
        {"type": "m.room.encrypted", "sender": "@mallory:c.test", "content": None},
        {"type": "m.room.encrypted", "sender": 5, "content": {}},
        {"type": "m.room.encrypted", "sender": "@mallory:c.test", "content": {"algorithm": OLM}},
        "text",
        None,
        5,
        [],
        {},
    ]
    with caplog.at_level(logging.WARNING, logger="client.session"):
        async with alice.session() as a, bob.session() as b:
            await server.put_to_device(bob.user_id, bob.device_id, *hostile)
            sent = await a.send(ROOM, {"msgtype": "m.text", "body": "good"})
            await server.put_to_device(bob.user_id, bob.device_id, *hostile[:3])
            event = await next_event(b, lambda event: event.event_id == sent.event_id)
            assert (event.body, event.trust) == ("good", Trust.PINNED)
    dropped = [record for record in caplog.records if "to-device" in record.message]
    assert len(dropped) >= len(hostile)
    assert len(dropped) <= len(hostile) + 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sender": "@alice:a.test"}, "written by another user"),
        ({"recipient": "@alice:a.test"}, "meant for another user"),
        ({"recipient_keys": {"ed25519": "x"}}, "meant for another device"),
        ({"keys": {}}, "without the sender's signing key"),
        ({"sender_device_keys": {"device_id": "M"}}, "device keys that do not hold"),
        ({"recipient_keys": None}, "not a payload"),
    ],
)
async def test_every_check_of_an_olm_payload_holds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change: Object, reason: str
) -> None:
    """A room key in a payload that fails one check is not taken (D22)."""
    server, _, bob = await alice_and_bob(tmp_path)
    keys = server.devices[bob.user_id, bob.device_id].keys["keys"]
    mallory = Account()
    payload = {
        "type": "m.room_key",
        "content": {},
        "sender": "@mallory:c.test",
        "recipient": bob.user_id,
        "recipient_keys": {"ed25519": keys["ed25519:BOB"]},
        "keys": {"ed25519": mallory.ed25519_key.to_base64()},
        **change,
    }
    message = _prekey(
        mallory, keys["curve25519:BOB"], _take_one_time_key(server, bob), msgspec.json.encode(payload)
    )
    await server.put_to_device(bob.user_id, bob.device_id, message)
    with caplog.at_level(logging.WARNING, logger="client.session"):
        async with bob.session():
            pass
    assert [record.message for record in caplog.records if reason in record.message]


async def test_the_same_payload_unchanged_passes_the_checks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The payload of the test above, unchanged, fails only for its empty room key."""
    await test_every_check_of_an_olm_payload_holds(tmp_path, caplog, {}, "malformed")


async def test_a_one_time_key_is_used_up_with_the_session_that_it_made(tmp_path: Path) -> None:
    """After a restart the same pre-key message opens nothing: the private one-time key is gone (D8)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        sent = await a.send(ROOM, {"msgtype": "m.text", "body": "one"})
        await next_event(b, lambda event: event.event_id == sent.event_id)
    prekey = server.devices[bob.user_id, bob.device_id].to_device[0]
    [ciphertext] = prekey["content"]["ciphertext"].values()
    db = bob.store()
    try:
        db.execute("DELETE FROM olm_sessions")
        machine = Machine(db, bob.transport)
        with pytest.raises(OlmUnreadable, match="one-time key"):
            machine.olm.decrypt(prekey["content"]["sender_key"], ciphertext["type"], ciphertext["body"])
    finally:
        db.close()
