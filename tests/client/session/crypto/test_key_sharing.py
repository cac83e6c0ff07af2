from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from client.session.crypto.machine import Machine
from client.session.crypto.room_rules import RoomRules
from client.session.errors import NobodyCanRead
from client.session.events import Connection, ConnectionChanged
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

TEXT = {"msgtype": "m.text", "body": "hello"}


def _session_ids(server: FakeHomeserver) -> list[str]:
    return [event["content"]["session_id"] for event in server.timeline if "session_id" in event["content"]]


def _keys_sent(server: FakeHomeserver, user: str, device: str) -> int:
    return len(server.devices[user, device].to_device)


async def test_a_session_lives_over_restarts_and_is_shared_once(tmp_path: Path) -> None:
    """After a restart the same session goes on and its key is not sent again (nio #380)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    for _ in range(2):
        async with alice.session() as a:
            await a.send(ROOM, TEXT)
            await a.send(ROOM, TEXT)
    assert len(set(_session_ids(server))) == 1
    assert _keys_sent(server, bob.user_id, "BOB") == 1
    assert len([path for _, path, _ in server.requests if path == "/keys/claim"]) == 1


async def test_a_session_is_changed_after_fifty_messages(tmp_path: Path) -> None:
    """The fifty-first message has a new session."""
    server, alice, _ = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        for _ in range(51):
            await a.send(ROOM, TEXT)
    ids = _session_ids(server)
    assert len(set(ids[:50])) == 1
    assert ids[50] != ids[49]


async def test_the_rooms_own_rotation_counts_where_it_is_stricter(tmp_path: Path) -> None:
    """rotation_period_msgs of 2 changes the session every two messages."""
    server, alice, _ = await alice_and_bob(tmp_path)
    server.encryption = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 2}
    async with alice.session() as a:
        for _ in range(5):
            await a.send(ROOM, TEXT)
    ids = _session_ids(server)
    assert ids[0] == ids[1] != ids[2] == ids[3] != ids[4]


async def test_an_old_session_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session older than a day is not used again."""
    server, alice, _ = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        later = time.time() + 24 * 3600 + 1
        monkeypatch.setattr("client.session.crypto.key_sharing.time.time", lambda: later)
        await a.send(ROOM, TEXT)
    assert len(set(_session_ids(server))) == 2


async def test_a_session_is_changed_when_a_member_or_a_device_leaves_not_when_one_comes(
    tmp_path: Path,
) -> None:
    """A second device of Bob's gets the running session; when it is gone, or Bob is, the session changes."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        second = await _second_device(server, bob, tmp_path)
        await a.send(ROOM, TEXT)
        assert _keys_sent(server, bob.user_id, "BOB2") == 1
        server.devices[bob.user_id, "BOB2"].keys = {}
        await server.tell_changed(bob.user_id)
        assert await a.readers(ROOM) == {bob.user_id}
        await a.send(ROOM, TEXT)
        await server.put_event(
            {
                "type": "m.room.member",
                "sender": bob.user_id,
                "state_key": bob.user_id,
                "event_id": "$left",
                "content": {"membership": "leave"},
            }
        )
        updates = a.updates()
        while {member.user_id for member in await a.members(ROOM)} != {alice.user_id}:
            await anext(updates)
        await a.send(ROOM, TEXT)
    ids = _session_ids(server)
    assert ids[0] == ids[1]
    assert len({ids[1], ids[2], ids[3]}) == 3
    assert _keys_sent(server, bob.user_id, "BOB") == 2
    assert second.user_id == bob.user_id


@pytest.mark.parametrize(
    ("type", "content", "changed"),
    [
        ("m.room.history_visibility", {"history_visibility": "shared"}, True),
        ("m.room.history_visibility", {"history_visibility": "invited"}, False),
        ("m.room.member", {"membership": "join", "displayname": "Robert"}, False),
        ("m.room.name", {"name": "x"}, False),
    ],
)
async def test_a_session_is_changed_when_others_may_read_the_history_and_not_for_a_name(
    tmp_path: Path, type: str, content: dict[str, Any], changed: bool
) -> None:
    """Another history visibility changes the session, over a restart too; a name or the same one does not."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    key = bob.user_id if type == "m.room.member" else ""
    await server.put_event(
        {"type": type, "sender": bob.user_id, "state_key": key, "event_id": "$state", "content": content}
    )
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    first, second, third = _session_ids(server)
    assert (first != second) is changed
    assert second == third


async def test_a_room_that_wants_rare_rotation_gets_ours(tmp_path: Path) -> None:
    """Periods beyond ours, and values that are none, leave fifty messages and a day."""
    for content in (
        {"rotation_period_msgs": 10_000, "rotation_period_ms": 2**60},
        {"rotation_period_msgs": "x"},
    ):
        assert RoomRules.of_room(content, "", sealed=False) == RoomRules(50, 24 * 3600 * 1000)
    assert (
        RoomRules.of_room({"rotation_period_msgs": -1, "rotation_period_ms": 0}, "", sealed=False).messages
        == 1
    )


async def _second_device(server: FakeHomeserver, bob: Person, root: Path) -> Person:
    """Bob's second device, signed by his self-signing key as his first device holds it."""
    identities = dict(server.identities)
    second = await Person(server, bob.user_id, "BOB2", root).enrol()
    server.identities = identities
    keys = server.devices[bob.user_id, "BOB2"].keys
    server.devices[bob.user_id, "BOB2"].keys = bob.identity().self_signing.sign(keys, bob.user_id)
    await server.tell_changed(bob.user_id)
    return second


async def test_a_failed_claim_or_share_is_tried_again_and_nothing_hangs(tmp_path: Path) -> None:
    """Claims and shares that fail hold the message back, and it is sent once they succeed (D13, D14)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    failures = {"/keys/claim": 1, "/sendToDevice": 1, "/rooms": 1}

    def failing(user: str, path: str) -> bool:
        for prefix, left in failures.items():
            if user == alice.user_id and path.startswith(prefix) and left:
                failures[prefix] -= 1
                return True
        return False

    server.failing = failing
    async with alice.session() as a, bob.session() as b:
        sent = await a.send(ROOM, TEXT)
        assert (await next_event(b, lambda event: event.event_id == sent.event_id)).body == "hello"
    assert set(failures.values()) == {0}
    assert _keys_sent(server, bob.user_id, "BOB") == 1


async def test_a_lost_answer_is_not_a_second_message(tmp_path: Path) -> None:
    """The server has the message and the key, its answers are lost: both are there once."""
    server, alice, bob = await alice_and_bob(tmp_path)
    lost = {"/sendToDevice", "/rooms"}

    def losing(user: str, path: str) -> bool:
        prefix = next((prefix for prefix in lost if path.startswith(prefix)), None)
        lost.discard(prefix or "")
        return prefix is not None

    server.losing_answers = losing
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    assert len(server.timeline) == 1
    assert _keys_sent(server, bob.user_id, "BOB") == 1
    first, second = [body for _, path, body in server.requests if path.startswith("/rooms")]
    assert first == second


async def test_a_cancelled_send_leaves_the_room_usable(tmp_path: Path) -> None:
    """A send that is cancelled while its key is claimed is still sent, before the next one (D13)."""
    server, alice, _ = await alice_and_bob(tmp_path)
    down = True
    server.failing = lambda user, path: down and path == "/keys/claim"
    async with alice.session() as a:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await a.send(ROOM, {"msgtype": "m.text", "body": "first"})
        down = False
        second = await a.send(ROOM, {"msgtype": "m.text", "body": "second"})
        event = await next_event(a, lambda event: event.event_id == second.event_id)
        assert [one.body for one in await a.timeline(ROOM, before=event.position + 1)] == ["first", "second"]


async def test_an_answer_that_was_overtaken_is_asked_for_again(tmp_path: Path) -> None:
    """A change told while a key query is on its way makes its answer stale: it is repeated (D12)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        devices = a._machine.devices
        await a.send(ROOM, TEXT)
        devices.mark_stale([bob.user_id])
        before = len([path for _, path, _ in server.requests if path == "/keys/query"])

        def overtaken(answer: dict[str, Any]) -> dict[str, Any]:
            server.rewrite_keys = lambda answer: answer
            devices.mark_changed([bob.user_id])
            return answer

        server.rewrite_keys = overtaken
        await a.send(ROOM, TEXT)
        assert len([path for _, path, _ in server.requests if path == "/keys/query"]) == before + 2
        assert not devices.unknown([bob.user_id])


async def test_one_time_keys_are_replenished_from_nothing_and_a_used_fallback_is_replaced(
    tmp_path: Path,
) -> None:
    """A server with no keys left is given new ones (D9), and a new fallback key once the old was used."""
    server, _, bob = await alice_and_bob(tmp_path)
    mine = server.devices[bob.user_id, "BOB"]
    old = dict(mine.fallback)
    mine.one_time_keys, mine.fallback = {}, {}
    async with bob.session():
        assert len(mine.one_time_keys) == 50
        assert mine.fallback != old
        assert len(mine.fallback) == 1


async def test_killed_before_the_answer_the_same_one_time_keys_are_uploaded_again(tmp_path: Path) -> None:
    """Replenished keys are stored before they are sent: the next process sends the very same (D10)."""
    server, _, bob = await alice_and_bob(tmp_path)
    mine = server.devices[bob.user_id, "BOB"]
    mine.one_time_keys = {}
    server.failing = lambda user, path: path == "/keys/upload"
    async with bob.session():
        pass
    db = bob.store()
    account = Machine(db, bob.transport).account
    stored = {name: key.to_base64() for name, key in account.vodozemac.one_time_keys.items()}
    db.close()
    server.failing = lambda user, path: False
    async with bob.session():
        uploaded = {name.partition(":")[2]: one["key"] for name, one in mine.one_time_keys.items()}
    assert len(stored) == 50
    assert uploaded == stored


async def test_nobody_who_could_read_it_is_an_error_not_a_message(tmp_path: Path) -> None:
    """Without a vouched-for device of the others a message is refused, and the next one is not held up."""
    server, alice, bob = await alice_and_bob(tmp_path)
    identity = server.identities.pop(bob.user_id)
    async with alice.session() as a:
        with pytest.raises(NobodyCanRead):
            await a.send(ROOM, TEXT, transaction_id="one")
        server.identities[bob.user_id] = identity
        assert await a.readers(ROOM) == {bob.user_id}
        await a.send(ROOM, TEXT, transaction_id="one")
    assert len(server.timeline) == 1


async def test_what_could_not_be_read_is_read_when_the_key_comes(tmp_path: Path) -> None:
    """An event whose key comes later is told of twice: undecryptable, then healed."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        sent = await a.send(ROOM, TEXT)
    held_back = server.devices[bob.user_id, "BOB"].to_device
    server.devices[bob.user_id, "BOB"].to_device = []
    async with bob.session() as b:
        [event] = await b.new_events()
        assert (event.event_id, event.trust, event.body) == (sent.event_id, "undecryptable", None)
        updates = b.updates()
        await server.put_to_device(bob.user_id, "BOB", *held_back)
        assert await anext(updates) == ConnectionChanged(connection=Connection.LIVE)
        healed = await anext(updates)
        assert getattr(healed, "body", None) == "hello"
        [again] = await b.new_events()
        assert (again.event_id, again.trust, again.position) == (sent.event_id, "pinned", event.position)


async def test_a_sender_whose_keys_come_later_is_believed_then(tmp_path: Path) -> None:
    """A message from a sender whose keys could not be fetched is told of again once they are known."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        sent = await a.send(ROOM, TEXT)
    down = True
    server.failing = lambda user, path: down and user == bob.user_id and path == "/keys/query"
    async with bob.session() as b:
        [event] = await b.new_events()
        assert (event.event_id, event.body, event.trust) == (sent.event_id, "hello", "unsigned-device")
        down = False
        await server.tell_changed("@somebody:x")
        again = await next_event(b, lambda event: event.trust == "pinned")
        assert again.event_id == sent.event_id
        assert [one.trust for one in await b.new_events()] == ["pinned"]


async def test_a_broken_olm_session_is_begun_anew_and_the_lost_key_given_again(tmp_path: Path) -> None:
    """After Bob's store lost its sessions a key is lost; he begins a new one, and Alice gives it again."""
    server, alice, bob = await alice_and_bob(tmp_path)
    server.encryption = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 2}
    async with alice.session() as a:
        async with bob.session() as b:
            await a.send(ROOM, TEXT)
            await a.send(ROOM, TEXT)
            await next_event(b, lambda event: event.body == "hello")
        db = bob.store()
        db.execute("DELETE FROM olm_sessions")
        db.close()
        async with bob.session() as b:
            await a.send(ROOM, {"msgtype": "m.text", "body": "lost"})
            await server.has_told(alice.user_id, "ALICE", 1)
            [dummy] = server.devices[alice.user_id, "ALICE"].to_device
            assert dummy["sender"] == bob.user_id
            assert (await next_event(b, lambda event: event.body == "lost")).trust == "pinned"
            await a.send(ROOM, {"msgtype": "m.text", "body": "read again"})
            assert (await next_event(b, lambda event: event.body == "read again")).trust == "pinned"
    assert len(set(_session_ids(server))) == 2


async def test_a_key_is_given_again_from_where_it_was_given_first(tmp_path: Path) -> None:
    """A device that came during the session, and begins anew, cannot read what was said before it came."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, {"msgtype": "m.text", "body": "before"})
        second = await _second_device(server, bob, tmp_path)
        assert await a.readers(ROOM) == {bob.user_id}
        await a.send(ROOM, {"msgtype": "m.text", "body": "after"})
    server.devices[bob.user_id, "BOB2"].to_device.clear()
    async with second.session() as b:
        waiting = await next_event(b, lambda event: event.trust == "undecryptable")
        machine = b._machine
        await machine.devices.refresh([alice.user_id])
        [device] = machine.devices.devices(alice.user_id)
        await machine.sharing.begin_anew([device])
        async with alice.session() as a:
            await server.has_told(bob.user_id, "BOB2", 1)
            await a.send(ROOM, {"msgtype": "m.text", "body": "later"})
            await next_event(b, lambda event: event.body == "later")
        assert [event.body for event in await b.timeline(ROOM)] == [None, None, "later"]
        assert waiting.body is None
    assert len(set(_session_ids(server))) == 1


async def test_a_broken_session_is_mended_once_an_hour(tmp_path: Path) -> None:
    """However often a device writes what cannot be read, or begins anew, it is answered once an hour."""
    server, alice, bob = await alice_and_bob(tmp_path)
    now = [0.0]
    db = bob.store()
    machine = Machine(db, bob.transport, clock=lambda: now[0])
    await machine.devices.refresh([alice.user_id])
    [device] = machine.devices.devices(alice.user_id)
    await machine.sharing.shared_session(ROOM, [alice.user_id], RoomRules())
    for now[0], sent in ((1000, 3), (4599, 3), (4601, 5)):  # a key at first, then an m.dummy and a key
        machine.to_device.wedged.add(device)
        machine.to_device.begun_anew.add(device)
        assert machine.needs_mending
        await machine.mend()
        assert not machine.needs_mending
        assert _keys_sent(server, alice.user_id, "ALICE") == sent
    db.close()


async def test_a_fallback_key_reaches_a_device_without_one_time_keys(tmp_path: Path) -> None:
    """Where one-time keys have run out the fallback key is used, and the message is read."""
    server, alice, bob = await alice_and_bob(tmp_path)
    mine = server.devices[bob.user_id, "BOB"]
    mine.one_time_keys = {}
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    async with bob.session() as b:
        assert (await next_event(b, lambda event: event.body == "hello")).trust == "pinned"
