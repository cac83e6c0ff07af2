from __future__ import annotations

import asyncio
import base64
import json
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest
from vodozemac import Account, Curve25519PublicKey

from client.session.crypto.machine import Machine
from client.session.crypto.room_rules import RoomRules
from client.session.errors import HomeserverRefused, HomeserverUnreachable
from client.session.events import Connection, Trust
from client.session.http_transport import HttpTransport
from client.session.power_levels import creators
from client.session.rooms import room_members
from client.session.wire import read_state
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

Object = dict[str, Any]
TEXT = {"msgtype": "m.text", "body": "good"}


async def _still_reads(
    server: FakeHomeserver, alice: Person, bob: Person, connection: Connection = Connection.LIVE
) -> None:
    """Let Alice write to Bob, and Bob read what the fake has for him and then her message."""
    async with alice.session() as a, bob.session() as b:
        sent = await a.send(ROOM, TEXT)
        event = await next_event(b, lambda event: event.event_id == sent.event_id)
        assert (event.body, event.trust) == ("good", Trust.PINNED)
        assert b.connection is connection


def _rewriting(bob: Person, wanted: str, change: Any) -> None:
    """Have the answers to one path changed as bytes before Bob gets them."""
    inner = bob.transport.request

    async def request(method: str, path: str, **rest: Any) -> bytes:
        answer = await inner(method, path, **rest)
        return bytes(change(answer)) if wanted in path else answer

    bob.transport.request = request  # type: ignore[method-assign] # the seam


async def test_bytes_that_are_no_text_cost_only_their_event(tmp_path: Path) -> None:
    """An event that is not UTF-8 does not end the session."""
    server, alice, bob = await alice_and_bob(tmp_path)
    await server.put_event({"type": "BAD", "sender": "@m:c.test", "event_id": "$bad", "content": {}})
    await server.put_to_device(bob.user_id, "BOB", {"type": "BAD", "sender": "@m:c.test", "content": {}})
    _rewriting(bob, "/sync", lambda answer: answer.replace(b"BAD", b"\xff\xfe"))
    await _still_reads(server, alice, bob)


@pytest.mark.parametrize("depth", [99, 500, 900, 925, 940, 5000])
async def test_no_depth_of_a_message_ends_the_session_of_who_reads_it(tmp_path: Path, depth: int) -> None:
    """A message nested so that it can be decoded and not be encoded again is refused like any other."""
    server, alice, bob = await alice_and_bob(tmp_path)
    plaintext = b'{"room_id":"!room","type":"m.room.message","content":{"body":' + b"[" * depth + b"]" * depth
    db = alice.store()
    try:
        async with bob.session() as b:
            machine = Machine(db, alice.transport)
            await machine.devices.refresh([bob.user_id])
            session = await machine.sharing.shared_session(ROOM, server.users, RoomRules())
            ciphertext = session.vodozemac.encrypt(plaintext + b"}}").to_base64()
            content = {
                "algorithm": "m.megolm.v1.aes-sha2",
                "session_id": session.session_id,
                "ciphertext": ciphertext,
            }
            event = {
                "type": "m.room.encrypted",
                "sender": alice.user_id,
                "event_id": "$deep",
                "content": content,
            }
            await server.put_event(event)
            deep = await next_event(b, lambda event: event.event_id == "$deep")
            assert (deep.trust, deep.content) == (Trust.UNDECRYPTABLE, {})
    finally:
        db.close()


async def test_half_a_character_beside_a_deep_one_does_not_stop_the_sync(tmp_path: Path) -> None:
    """What any local user can send twice, a lone surrogate and a deep object, costs nobody else anything."""
    server, alice, bob = await alice_and_bob(tmp_path)
    half = {"type": "m.dummy", "sender": "@m:c.test", "content": {"a": "\ud800"}}
    deep = {"type": "DEEP", "sender": "@m:c.test", "content": {}}
    await server.put_to_device(bob.user_id, "BOB", half, deep)
    _rewriting(bob, "/sync", lambda answer: answer.replace(b'"DEEP"', b"[" * 5000 + b"]" * 5000))
    await _still_reads(server, alice, bob)


@pytest.mark.parametrize("count", [b"-1000000000", b"1180591620717411303424"])
async def test_no_count_of_one_time_keys_keeps_us_making_them(tmp_path: Path, count: bytes) -> None:
    """A server that says there are minus a thousand million keys gets no more than the usual fifty."""
    server, alice, bob = await alice_and_bob(tmp_path)
    _rewriting(
        bob,
        "/sync",
        lambda answer: answer.replace(b'"signed_curve25519": 50', b'"signed_curve25519": ' + count),
    )
    await _still_reads(server, alice, bob)
    assert len(server.devices[bob.user_id, "BOB"].one_time_keys) <= 100


async def test_a_history_without_end_holds_nothing_up(tmp_path: Path) -> None:
    """A server that answers every page with an empty one and another token does not hold the sync up."""
    server, alice, bob = await alice_and_bob(tmp_path)
    inner, pages = bob.transport.request, iter(range(10**9))

    async def request(method: str, path: str, **rest: Any) -> bytes:
        if "/messages" in path:
            await asyncio.sleep(0)
            return json.dumps({"chunk": [], "end": f"page{next(pages)}"}).encode()
        answer = await inner(method, path, **rest)
        return answer.replace(b'"limited": false', b'"limited": true, "prev_batch": "p"')

    bob.transport.request = request  # type: ignore[method-assign] # the seam
    await _still_reads(server, alice, bob, Connection.CATCHING_UP)


async def test_one_sender_that_is_no_user_costs_nobody_their_keys(tmp_path: Path) -> None:
    """A homeserver may refuse a query that names no user; so we never ask for one."""
    server, alice, bob = await alice_and_bob(tmp_path)
    query = server.query

    def strict(body: Object) -> Object:
        if not all(user.startswith("@") and ":" in user for user in body["device_keys"]):
            raise HomeserverRefused("x", why="no user id", remedy="z", status=400, errcode="M_INVALID_PARAM")
        return query(body)

    server.query = strict  # type: ignore[method-assign] # a stricter server
    for sender in ("nobody", "mallory:c.test", "@mallory", ""):
        await server.put_to_device(bob.user_id, "BOB", {"type": "m.dummy", "sender": sender, "content": {}})
    await _still_reads(server, alice, bob)


async def test_names_that_others_make_up_are_not_kept_in_memory(tmp_path: Path) -> None:
    """Sessions and identity keys that nobody has leave nothing behind in memory, however many are named."""
    server, alice, bob = await alice_and_bob(tmp_path)
    for number in range(50):
        content = {"algorithm": "m.megolm.v1.aes-sha2", "session_id": f"none{number}", "ciphertext": "AwgA"}
        await server.put_event(
            {
                "type": "m.room.encrypted",
                "sender": alice.user_id,
                "event_id": f"${number}",
                "content": content,
            }
        )
        ours = server.devices[bob.user_id, "BOB"].keys["keys"]["curve25519:BOB"]
        stranger = Account()
        session = stranger.create_outbound_session(
            Curve25519PublicKey.from_base64(ours),
            Account().curve25519_key,  # a one-time key of nobody
        )
        kind, body = session.encrypt(b"{}").to_parts()
        olm = {
            "algorithm": "m.olm.v1.curve25519-aes-sha2",
            "sender_key": stranger.curve25519_key.to_base64(),
            "ciphertext": {ours: {"type": kind, "body": base64.b64encode(body).decode()}},
        }
        await server.put_to_device(
            bob.user_id, "BOB", {"type": "m.room.encrypted", "sender": "@m:c.test", "content": olm}
        )
    async with bob.session() as b:
        assert len(await b.timeline(ROOM)) == 50
        assert not [name for name in b._machine.inbound._cache if name[1].startswith("none")]
        assert b._machine.olm._kept == {}


@pytest.mark.parametrize("wrong", [[], {}, 5, None, [["12"]]])
def test_no_shape_of_a_rooms_state_spoils_its_members(wrong: Any) -> None:
    """A membership, a room version or a power that is no text, or no number, is none."""
    assert isinstance(creators("@a:b", {"room_version": wrong, "additional_creators": wrong}), frozenset)
    events: list[Object] = [
        {"type": "m.room.create", "state_key": "", "content": {"room_version": wrong}},
        {"type": "m.room.power_levels", "state_key": "", "content": {"users": {"@a:b": wrong}}},
        {"type": "m.room.member", "state_key": "@a:b", "content": {"membership": wrong}},
        {
            "type": "m.room.member",
            "state_key": "@c:d",
            "content": {"membership": "join", "displayname": wrong},
        },
    ]
    state = [
        msgspec.Raw(json.dumps({"sender": "@a:b", "event_id": f"${number}", **event}).encode())
        for number, event in enumerate(events)
    ]
    assert [member.user_id for member in room_members(read_state(state))] == ["@c:d"]


async def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never stops sending is unreachable, and does not fill the memory."""
    monkeypatch.setattr("client.session.http_transport._LARGEST_ANSWER", 1_000_000)

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with HttpTransport(f"http://127.0.0.1:{port}", None) as transport:
            with pytest.raises(HomeserverUnreachable, match="cannot be reached") as raised:
                await transport.request("GET", "/_matrix/client/v3/sync")
            assert "too large" in raised.value.why


async def test_what_vodozemac_quotes_stands_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The refusal of a pre-key message says that its one-time key is unknown, and not which."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    db = bob.store()
    try:
        machine = Machine(db, bob.transport)
        prekey = server.devices[bob.user_id, "BOB"].to_device[0]
        raw = msgspec.Raw(json.dumps(prekey).encode())
        machine.to_device.receive(raw)
        machine.olm._kept.clear()
        with caplog.at_level(logging.WARNING, logger="client.session"):
            machine.to_device.receive(raw)
    finally:
        db.close()
    [record] = caplog.records
    assert record.getMessage().endswith("unknown one-time key")


async def test_sessions_that_are_no_longer_in_memory_are_read_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for a single session in memory, both sides still read every message of many sessions."""
    for module in ("inbound_sessions", "olm_sessions"):
        monkeypatch.setattr(f"client.session.crypto.{module}._MOST_CACHED", 0)
    server, alice, bob = await alice_and_bob(tmp_path)
    server.encryption = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 3}
    async with alice.session() as a, bob.session() as b:
        for number in range(10):
            writer, reader = ((a, b), (b, a))[number % 2]
            sent = await writer.send(ROOM, {"msgtype": "m.text", "body": str(number)})
            event = await next_event(reader, lambda event, sent=sent: event.event_id == sent.event_id)  # type: ignore[misc] # bound at once
            assert (event.body, event.trust) == (str(number), Trust.PINNED)
        assert len(b._machine.inbound._cache) <= 1
    assert [path for _, path, _ in server.requests].count("/keys/claim") == 1  # and the Olm session is one
