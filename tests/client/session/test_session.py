from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from client.session.events import Connection, ConnectionChanged
from client.session.store.room_store import RoomStore
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import alice_and_bob
from tests.client.session.people import next_event

TEXT = {"msgtype": "m.text", "body": "hello"}


async def test_without_a_homeserver_the_session_opens_and_its_messages_wait(tmp_path: Path) -> None:
    """Offline, the rooms and the timeline are there, a message waits, and leaves when the server returns."""
    server, alice, _ = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        await next_event(a, lambda event: event.body == "hello")
    down = True
    server.failing = lambda user, path: down
    async with alice.session() as a:
        assert a.connection is Connection.OFFLINE
        assert [room.room_id for room in await a.rooms()] == [ROOM]
        assert [event.body for event in await a.timeline(ROOM)] == ["hello"]
        updates = a.updates()
        sending = asyncio.ensure_future(a.send(ROOM, {"msgtype": "m.text", "body": "waits"}))
        await asyncio.sleep(0)
        down = False
        sent = await sending
        told = [await anext(updates) for _ in range(3)]
        assert [update for update in told if isinstance(update, ConnectionChanged)] == [
            ConnectionChanged(connection=Connection.OFFLINE),
            ConnectionChanged(connection=Connection.LIVE),
        ]
        assert (await next_event(a, lambda event: event.event_id == sent.event_id)).body == "waits"


async def test_a_sync_that_was_not_committed_is_taken_in_again_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dying between the keys and the commit loses no key: the token moves with them or not at all (D20)."""
    _, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        sent = await a.send(ROOM, TEXT)

    def die(self: RoomStore) -> set[str]:
        raise MemoryError("as good as kill -9: nothing after this line runs")

    with monkeypatch.context() as patch:
        patch.setattr(RoomStore, "save_changes", die)
        with pytest.raises(MemoryError):
            async with bob.session():
                raise AssertionError("it opened")
    async with bob.session() as b:
        event = await next_event(b, lambda event: event.event_id == sent.event_id)
        assert event.body == "hello"


async def test_what_is_malformed_in_a_sync_costs_nothing_else(tmp_path: Path) -> None:
    """Events, rooms and parts of wrong types are left out, and the good event between them arrives."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    genuine = dict(server.timeline[0])
    unknown_key = {**genuine["content"], "session_id": "x"}
    server.timeline[:] = [
        {"type": 5},
        {**genuine, "event_id": None},
        {**genuine, "event_id": "$1", "content": None},
        {**genuine, "event_id": "$2", "content": {"algorithm": "m.megolm.v1.aes-sha2"}},
        {**genuine, "event_id": "$3", "content": {**genuine["content"], "ciphertext": "A" * 50}},
        {**genuine, "event_id": "$4", "origin_server_ts": 2**62, "content": unknown_key},
        {**genuine, "event_id": "$5", "origin_server_ts": -1, "content": {"a": [[[[[]]]]]}},
        {**genuine, "event_id": "$6", "type": "m.room.redaction", "content": {"redacts": 5}},
        genuine,
        {
            **genuine,
            "event_id": "$7",
            "type": "m.room.member",
            "state_key": "@z:z",
            "content": {"membership": 5},
        },
    ]
    fake_sync = server.sync

    async def odd_sync(user: str, device: str, since: str | None, timeout: float) -> dict[str, object]:
        answer = await fake_sync(user, device, since, timeout)
        answer["rooms"]["join"]["!odd"] = {
            "timeline": 5,
            "state": [],
            "unread_notifications": {"notification_count": "x"},
        }
        answer["rooms"]["invite"] = {"!invite": 7}
        answer["device_lists"] = []
        answer["device_one_time_keys_count"] = "many"
        return answer

    server.sync = odd_sync  # type: ignore[method-assign] # a hostile server's answer
    async with bob.session() as b:
        event = await next_event(b, lambda event: event.event_id == genuine["event_id"])
        assert event.body == "hello"
        assert {one.event_id for one in await b.timeline(ROOM)} == {
            "$1",
            "$2",
            "$3",
            "$4",
            "$5",
            genuine["event_id"],
        }


async def test_half_a_surrogate_pair_spoils_nothing(tmp_path: Path) -> None:
    """Text that strict decoders refuse, in a message or a device's name, stops neither sync nor sending."""
    server, alice, bob = await alice_and_bob(tmp_path)
    half = chr(0xD800)
    server.devices[bob.user_id, "BOB"].keys["unsigned"] = {"device_display_name": half}
    await server.put_to_device(
        alice.user_id, "ALICE", {"type": half, "sender": half, "content": {half: half}}
    )
    async with alice.session() as a, bob.session() as b:
        assert a.connection is Connection.LIVE
        sent = await a.send(ROOM, TEXT)
        assert (await next_event(b, lambda event: event.event_id == sent.event_id)).body == "hello"


async def test_a_redaction_empties_the_event(tmp_path: Path) -> None:
    """After a redaction neither the store nor the timeline has what was said."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        sent = await a.send(ROOM, TEXT)
        await next_event(b, lambda event: event.event_id == sent.event_id)
        content = {"redacts": sent.event_id}
        await server.put_event(
            {"type": "m.room.redaction", "sender": a.user_id, "event_id": "$redaction", "content": content}
        )
        event = await next_event(b, lambda event: event.reason == "It was redacted.")
        assert (event.event_id, event.body, event.content) == (sent.event_id, None, {})


def test_the_face_and_the_accounts_load_no_http_client() -> None:
    """What every command imports loads neither nio nor aiohttp nor the crypto."""
    program = (
        "import sys, client.session, client.session.accounts, client.session.face, client.session.events\n"
        "heavy = {'nio', 'aiohttp', 'vodozemac', 'sqlcipher3', 'sqlite_utils'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
