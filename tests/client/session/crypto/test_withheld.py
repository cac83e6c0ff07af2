"""Keys that are withheld: who is told, what they are shown, and what they get when they can be reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from client.session.crypto.withheld_code import WITHHELD, WithheldCode
from client.session.events import TimelineEvent, Trust
from client.session.session import OpenSession
from client.views.request_view import RequestReader
from client.views.timeline_row import RowMaker
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

TEXT = {"msgtype": "m.text", "body": "hello"}


async def _unvouched(server: FakeHomeserver, owner: Person, root: Path, device: str = "NEW") -> Person:
    """Return a second device that its owner's identity does not vouch for."""
    identities = dict(server.identities)
    person = await Person(server, owner.user_id, device, root).enrol()
    server.identities = identities
    await server.tell_changed(owner.user_id)
    return person


def _withheld(server: FakeHomeserver, user: str, device: str) -> list[dict[str, Any]]:
    events = server.devices[user, device].to_device
    return [event["content"] for event in events if event["type"] == WITHHELD]


async def _saying(session: OpenSession, body: str) -> TimelineEvent:
    return await next_event(session, lambda event: event.body == body)


async def _undecryptable(session: OpenSession) -> TimelineEvent:
    return await next_event(session, lambda event: event.trust is Trust.UNDECRYPTABLE)


async def test_a_device_that_nobody_vouches_for_is_told_once_of_each_session(tmp_path: Path) -> None:
    """Unvouched devices, others' and our own, are told m.unverified once a session, in one request."""
    server, alice, bob = await alice_and_bob(tmp_path)
    await _unvouched(server, bob, tmp_path)
    await _unvouched(server, alice, tmp_path, "OTHER")
    for _ in range(2):  # over a restart too
        async with alice.session() as a:
            await a.send(ROOM, TEXT)
            await a.send(ROOM, TEXT)
    told = [(user, device) for user, device in server.devices if _withheld(server, user, device)]
    assert told == [(bob.user_id, "NEW"), (alice.user_id, "OTHER")]
    assert len([path for _, path, _ in server.requests if path.startswith(f"/sendToDevice/{WITHHELD}")]) == 1
    [content] = _withheld(server, bob.user_id, "NEW")
    session_id = server.timeline[0]["content"]["session_id"]
    assert (content["code"], content["room_id"], content["session_id"]) == ("m.unverified", ROOM, session_id)
    assert content["sender_key"] == server.devices[alice.user_id, "ALICE"].keys["keys"]["curve25519:ALICE"]
    async with alice.session() as a:
        for _ in range(49):
            await a.send(ROOM, TEXT)
    assert len({event["content"]["session_id"] for event in server.timeline}) == 2
    assert len(_withheld(server, bob.user_id, "NEW")) == 2


async def test_a_device_that_is_gone_is_told_nothing(tmp_path: Path) -> None:
    """A device that was removed before the message gets no message about it."""
    server, alice, bob = await alice_and_bob(tmp_path)
    await _unvouched(server, bob, tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        server.devices[bob.user_id, "NEW"].keys = {}
        await server.tell_changed(bob.user_id)
        assert await a.readers(ROOM) == {bob.user_id}
        for _ in range(51):
            await a.send(ROOM, TEXT)
    assert len(_withheld(server, bob.user_id, "NEW")) == 1


async def test_who_gets_no_key_reads_why_and_what_to_do(tmp_path: Path) -> None:
    """The event shows the reason in words, in the session and as a row of the timeline."""
    server, alice, bob = await alice_and_bob(tmp_path)
    new = await _unvouched(server, bob, tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    async with new.session() as b:
        event = await _undecryptable(b)
    reason = event.reason or ""
    assert reason.startswith(f"{alice.user_id} gives no key to a device that nobody vouches for")
    assert "`rogatory recover`" in reason
    row = RowMaker(bob.user_id, {}, RequestReader(None)).row(event, None, 1)
    assert row.lines == ("This message cannot be read on this device.", reason)


@pytest.mark.parametrize("code", [*WithheldCode, "org.example.other"])
async def test_a_reason_that_comes_after_its_event_is_shown_beside_it(tmp_path: Path, code: str) -> None:
    """Each code changes the words of what its sender sent, once it comes, and of nobody else's events."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    server.devices[bob.user_id, "BOB"].to_device.clear()
    session_id = server.timeline[0]["content"]["session_id"]
    about = {} if code == "m.no_olm" else {"room_id": ROOM, "session_id": session_id}
    content = {"algorithm": "m.megolm.v1.aes-sha2", "code": code, "sender_key": "x", **about}
    async with bob.session() as b:
        before = await _undecryptable(b)
        assert "has not arrived" in (before.reason or "")
        for sender in ("@eve:e.test", alice.user_id):
            await server.put_to_device(
                bob.user_id, "BOB", {"type": WITHHELD, "sender": sender, "content": content}
            )
            await server.put_to_device(
                bob.user_id, "BOB", {"type": "m.dummy", "sender": sender, "content": {}}
            )
        after = await next_event(b, lambda event: event.reason != before.reason)
        assert (after.reason or "").startswith(alice.user_id)
    async with bob.session() as b:
        assert (await _undecryptable(b)).reason == after.reason


async def test_a_reason_is_not_shown_for_a_key_that_came(tmp_path: Path) -> None:
    """A forged m.blacklisted keeps no key away and explains nothing readable; nor do malformed ones."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        sent = await a.send(ROOM, TEXT)
    session_id = server.timeline[0]["content"]["session_id"]
    forged = {"code": "m.blacklisted", "sender_key": "x", "room_id": ROOM, "session_id": session_id}
    hostile: list[Any] = [forged, {}, None, {**forged, "room_id": 5}, {**forged, "session_id": "x" * 9999}]
    messages = [{"type": WITHHELD, "sender": alice.user_id, "content": content} for content in hostile]
    server.devices[bob.user_id, "BOB"].to_device[:0] = messages
    async with bob.session() as b:
        event = await next_event(b, lambda event: event.event_id == sent.event_id)
        assert (event.body, event.trust, event.reason) == ("hello", Trust.PINNED, None)
    db = bob.store()
    assert db.execute("SELECT count(*) FROM withheld_by").fetchone() == (0,)
    db.close()


async def _keyless_second(server: FakeHomeserver, bob: Person, root: Path) -> Person:
    """Return a second device of Bob's, vouched for, of which the server has no one-time key left."""
    second = await _unvouched(server, bob, root, "BOB2")
    mine = server.devices[bob.user_id, "BOB2"]
    mine.keys = bob.identity().self_signing.sign(mine.keys, bob.user_id)
    mine.one_time_keys, mine.fallback = {}, {}
    await server.tell_changed(bob.user_id)
    return second


def _text(body: str) -> dict[str, str]:
    return {"msgtype": "m.text", "body": body}


async def test_a_device_that_could_not_be_reached_gets_the_keys_that_it_missed(tmp_path: Path) -> None:
    """Told m.no_olm once, it begins a session, and is given every key from its first missed message on."""
    server, alice, bob = await alice_and_bob(tmp_path)
    server.encryption = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 3}
    async with alice.session() as a:
        before = await a.send(ROOM, _text("before"))
        second = await _keyless_second(server, bob, tmp_path)
        assert await a.readers(ROOM) == {bob.user_id}
        for body in ("one", "two", "three", "four"):
            await a.send(ROOM, _text(body))
    assert len({event["content"]["session_id"] for event in server.timeline}) == 2
    assert [content["code"] for content in _withheld(server, bob.user_id, "BOB2")] == ["m.no_olm"]
    assert "session_id" not in _withheld(server, bob.user_id, "BOB2")[0]
    async with second.session() as b:
        waiting = await _undecryptable(b)
        assert "could not reach this device" in (waiting.reason or "")
        async with alice.session():  # Alice writes nothing: the key comes by itself
            for body in ("one", "two", "three", "four"):
                assert (await _saying(b, body)).trust is Trust.PINNED
        assert (await next_event(b, lambda event: event.event_id == before.event_id)).body is None


async def test_a_device_that_can_be_reached_again_is_given_the_missed_key_with_the_next_message(
    tmp_path: Path,
) -> None:
    """New one-time keys are enough: the next message pays the key as it was at the first missed message."""
    server, alice, bob = await alice_and_bob(tmp_path)
    second = await _keyless_second(server, bob, tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, _text("missed"))
        server.devices[bob.user_id, "BOB2"].to_device.clear()  # it never hears that it was left out
        async with second.session():
            assert server.devices[bob.user_id, "BOB2"].one_time_keys
        await a.send(ROOM, _text("next"))
    async with second.session() as b:
        assert [event.body for event in await b.timeline(ROOM)] == ["missed", "next"]
    assert server.told(bob.user_id, "BOB2") == ["m.room.encrypted"]


async def test_a_device_that_is_removed_before_it_can_be_reached_is_owed_nothing(tmp_path: Path) -> None:
    """What it missed is forgotten with the next message, which it must not be able to read."""
    server, alice, bob = await alice_and_bob(tmp_path)
    await _keyless_second(server, bob, tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, _text("missed"))
        assert a._machine.sharing._withholding.owed()
        server.devices[bob.user_id, "BOB2"].keys = {}
        await server.tell_changed(bob.user_id)
        assert await a.readers(ROOM) == {bob.user_id}
        await a.send(ROOM, _text("next"))
        assert a._machine.sharing._withholding.owed() == []
