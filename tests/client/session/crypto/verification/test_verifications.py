"""Verifications of open sessions, over a homeserver in memory: routing, signing, what is remembered."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, TypeVar

import pytest

from client.session.errors import CannotVerify
from client.session.events import RoomChanged, Trust
from client.session.session import OpenSession
from client.session.verification import Cancelled, Compare, Done, Step, Verification
from policies.trust.signing import verify_object
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

Object = dict[str, Any]
Kind = TypeVar("Kind", bound=Step)
TO_DEVICE = "/sendToDevice/m.key.verification."


async def reached(verification: Verification, kind: type[Kind]) -> Kind:
    """Return the step of that kind once it is reached."""
    async for step in verification.steps():
        if isinstance(step, kind):
            return step
        assert not isinstance(step, Done | Cancelled), step
    raise AssertionError("the session closed")


async def until(server: FakeHomeserver, path: str) -> Object:
    """Return the body of the first request to a path that begins so."""
    async with asyncio.timeout(5):
        while True:
            for _, asked, body in server.requests:
                if asked.startswith(path):
                    return body
            await asyncio.sleep(0.005)


async def both_confirm(left: Verification, right: Verification) -> None:
    assert await reached(left, Compare) == await reached(right, Compare)
    await left.confirm()
    await right.confirm()


async def verified(alice: OpenSession, bob: OpenSession) -> None:
    """Alice asks Bob, and both say yes."""
    asks = await alice.verify("@bob:b.test")
    is_asked = await anext(bob.verification_requests())
    await is_asked.accept()
    await both_confirm(asks, is_asked)
    assert await reached(asks, Done) == await reached(is_asked, Done) == Done(published=True)


async def test_in_a_room_both_sign_the_others_master_key_and_remember_it(tmp_path: Path) -> None:
    """Each uploads a signature by its user-signing key; trust is `verified`, after a restart too."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        first = await b.send(ROOM, {"msgtype": "m.text", "body": "before"})
        before = await next_event(a, lambda event: event.event_id == first.event_id)
        assert before.trust is Trust.PINNED
        await verified(a, b)
        master = server.identities["@bob:b.test"]["master_key"]
        assert set(master["signatures"]) == {"@alice:a.test", "@bob:b.test"}
        await b.send(ROOM, {"msgtype": "m.text", "body": "after"})
        assert (await next_event(a, lambda event: event.body == "after")).trust is Trust.VERIFIED
    key = alice.identity().user_signing.public_key
    verify_object(master, "@alice:a.test", f"ed25519:{key}", key)
    async with alice.session() as a, bob.session() as b:
        await b.send(ROOM, {"msgtype": "m.text", "body": "restarted"})
        assert (await next_event(a, lambda event: event.body == "restarted")).trust is Trust.VERIFIED
    for event in server.timeline:
        assert event["type"] == "m.room.encrypted"
        assert "m.relates_to" not in event["content"]


async def test_a_new_identity_is_not_the_one_that_was_verified(tmp_path: Path) -> None:
    """Verified is the key, not the name: an accepted new identity is only pinned."""
    _, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        await verified(a, b)
    db = alice.store()
    db.execute("UPDATE identities SET master_key = 'other', pinned_master_key = 'other' WHERE user_id = ?",
               ["@bob:b.test"])  # fmt: skip
    db.close()
    async with alice.session() as a:
        devices = a._machine.devices  # what every event is judged by
        identity = devices.identity("@bob:b.test")
        assert identity is not None
        assert not devices.verified.holds(identity)


async def test_our_identity_vouches_for_a_second_device_of_ours_and_proves_itself_to_it(
    tmp_path: Path,
) -> None:
    """To-device: the first device signs the second, which pins the master key that was proven to it."""
    server, alice, _ = await alice_and_bob(tmp_path)
    second = await Person(server, "@alice:a.test", "SECOND", tmp_path).enrol(anew=False)
    async with alice.session() as first, second.session() as new:
        asks = await new.verify("@alice:a.test")
        is_asked = await anext(first.verification_requests())
        await is_asked.accept()
        await both_confirm(asks, is_asked)
        assert await reached(is_asked, Done) == Done(published=True)
        assert await reached(asks, Done) == Done(published=False)  # it has no keys to sign with yet
        assert new._machine.devices.own_identity_is_proven
    keys = server.devices["@alice:a.test", "SECOND"].keys
    signing = alice.identity().self_signing.public_key
    verify_object(keys, "@alice:a.test", f"ed25519:{signing}", signing)


async def test_a_signature_that_could_not_be_published_is_published_by_the_next_session(
    tmp_path: Path,
) -> None:
    """The homeserver is away at the end: trusted here at once, and the signature follows."""
    server, alice, bob = await alice_and_bob(tmp_path)
    server.failing = lambda user, path: user == "@alice:a.test" and path == "/keys/signatures/upload"
    async with alice.session() as a, bob.session() as b:
        asks = await a.verify("@bob:b.test")
        is_asked = await anext(b.verification_requests())
        await is_asked.accept()
        await both_confirm(asks, is_asked)
        assert await reached(asks, Done) == Done(published=False)
        await b.send(ROOM, {"msgtype": "m.text", "body": "after"})
        assert (await next_event(a, lambda event: event.body == "after")).trust is Trust.VERIFIED
    server.failing = lambda user, path: False
    server.requests.clear()
    async with alice.session():
        body = await until(server, "/keys/signatures/upload")
    assert list(body) == ["@bob:b.test"]


async def test_a_key_that_the_server_exchanges_at_the_end_is_not_signed(tmp_path: Path) -> None:
    """What was compared is signed, never what the server shows afterwards."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        asks = await a.verify("@bob:b.test")
        is_asked = await anext(b.verification_requests())
        await is_asked.accept()
        assert await reached(asks, Compare) == await reached(is_asked, Compare)
        mallory = await Person(FakeHomeserver("@bob:b.test"), "@bob:b.test", "BOB", tmp_path / "m").enrol()
        server.identities["@bob:b.test"] = mallory.server.identities["@bob:b.test"]
        await asks.confirm()
        await is_asked.confirm()
        assert await reached(asks, Done) == Done(published=False)
    assert [path for user, path, _ in server.requests if "signatures" in path and user == alice.user_id] == []


async def test_declining_is_told_and_asking_is_refused_where_nobody_could_answer(tmp_path: Path) -> None:
    """Declined: m.user. Without a room, an identity or a second device: CannotVerify."""
    _, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        asks = await a.verify("@bob:b.test")
        await (await anext(b.verification_requests())).cancel()
        cancelled = await reached(asks, Cancelled)
        assert (cancelled.code, cancelled.by_them) == ("m.user", True)
        for nobody in ("@alice:a.test", "@carol:c.test"):
            with pytest.raises(CannotVerify):
                await a.verify(nobody)


async def test_messages_of_an_unknown_transaction_are_answered_and_cost_nothing(tmp_path: Path) -> None:
    """A start without a request: m.unknown_transaction. Malformed ones are dropped, and the sync goes on."""
    server, alice, bob = await alice_and_bob(tmp_path)
    second = await Person(server, "@alice:a.test", "SECOND", tmp_path).enrol(anew=False)
    kind = "m.key.verification."
    hostile: list[Any] = [
        {"type": f"{kind}start", "sender": "@mallory:c.test", "content": {"transaction_id": "t"}},
        {"type": f"{kind}request", "sender": "@alice:a.test", "content": None},
        {"type": f"{kind}request", "sender": "@alice:a.test", "content": {"transaction_id": 5}},
        {"type": f"{kind}request", "sender": "@alice:a.test", "content": {"transaction_id": "x" * 300}},
        {"type": f"{kind}key", "sender": "@alice:a.test", "content": {"transaction_id": "t", "key": []}},
        {
            "type": f"{kind}start",
            "sender": "@alice:a.test",
            "content": {"transaction_id": "t", "from_device": 1},
        },
        {"type": f"{kind}", "sender": "@alice:a.test", "content": {"transaction_id": "t"}},
        {
            "type": f"{kind}request",
            "sender": "@alice:a.test",
            "content": {
                "transaction_id": "old",
                "from_device": "SECOND",
                "methods": ["m.sas.v1"],
                "timestamp": int(time.time() * 1000) - 3_600_000,
            },
        },
        {
            "type": f"{kind}start",
            "sender": "@alice:a.test",
            "content": {"transaction_id": "unknown", "from_device": "SECOND", "method": "m.sas.v1"},
        },
    ]
    async with alice.session() as a, bob.session() as b, second.session():
        await server.put_to_device("@alice:a.test", "ALICE", *hostile)
        in_room = {"type": f"{kind}key", "sender": "@bob:b.test", "content": {"m.relates_to": []}}
        await server.put_event({**in_room, "event_id": "$hostile"})
        body = await until(server, f"{TO_DEVICE}cancel")
        cancel = body["messages"]["@alice:a.test"]["SECOND"]
        assert (cancel["code"], cancel["transaction_id"]) == ("m.unknown_transaction", "unknown")
        await b.send(ROOM, {"msgtype": "m.text", "body": "still here"})
        await next_event(a, lambda event: event.body == "still here")


async def test_a_second_request_of_the_same_device_ends_both(tmp_path: Path) -> None:
    """Matrix spec: several attempts of one device at once are all given up."""
    server, alice, bob = await alice_and_bob(tmp_path)
    now = int(time.time() * 1000)
    async with alice.session() as a, bob.session():
        await server.put_event(request("@alice:a.test", "$first", now))
        first = await anext(a.verification_requests())
        await server.put_event(request("@alice:a.test", "$second", now))
        assert (await reached(first, Cancelled)).code == "m.unexpected_message"


async def test_a_second_asker_is_refused_while_one_with_that_user_is_under_way(tmp_path: Path) -> None:
    """Two windows: the second `verify` and the second `accept` raise CannotVerify; the first goes on."""
    _, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        asks, refused = await asyncio.gather(
            a.verify("@bob:b.test"), a.verify("@bob:b.test"), return_exceptions=True
        )
        assert isinstance(refused, CannotVerify)
        assert not isinstance(asks, BaseException)
        with pytest.raises(CannotVerify, match="under way"):
            await a.verify("@bob:b.test")
        one, other = await anext(b.verification_requests()), await anext(b.verification_requests())
        await one.accept()
        with pytest.raises(CannotVerify, match="under way"):
            await other.accept()
        await both_confirm(asks, one)
        assert await reached(asks, Done) == Done(published=True)


async def test_an_asker_that_goes_away_while_asking_leaves_no_question_behind(tmp_path: Path) -> None:
    """Cancelled before the request has left: it leaves all the same, and is cancelled at once after it."""
    server, alice, bob = await alice_and_bob(tmp_path)
    held = True
    server.failing = lambda user, path: held and user == "@alice:a.test" and "/send/" in path
    async with alice.session() as a, bob.session() as b:
        updates = a.updates()
        asking = asyncio.ensure_future(a.verify("@bob:b.test"))
        while not isinstance(await anext(updates), RoomChanged):
            pass  # the outbox tells that the request waits
        asking.cancel()
        held = False
        asked = await anext(b.verification_requests())
        assert (await reached(asked, Cancelled)).by_them


async def test_a_request_that_could_not_leave_is_not_sent_by_a_later_process(tmp_path: Path) -> None:
    """A question that waits in the outbox when the session ends is gone with it: nobody asks any more."""
    server, alice, bob = await alice_and_bob(tmp_path)
    server.failing = lambda user, path: user == "@alice:a.test" and "/send/" in path
    async with alice.session() as a:
        updates = a.updates()
        asking = asyncio.ensure_future(a.verify("@bob:b.test"))
        while not isinstance(await anext(updates), RoomChanged):
            pass
        assert await a.queued() == []
        asking.cancel()
    server.failing = lambda user, path: False
    async with alice.session() as a, bob.session() as b:
        await a.send(ROOM, {"msgtype": "m.text", "body": "after"})
        await next_event(b, lambda event: event.body == "after")
        events = await b.timeline(ROOM)
    assert [event.body for event in events] == ["after"]


@pytest.mark.parametrize(
    ("to", "minutes"), [("@carol:c.test", 0), ("@alice:a.test", -11), ("@alice:a.test", 6)]
)
async def test_only_a_fresh_request_for_us_is_shown(tmp_path: Path, to: str, minutes: int) -> None:
    """To another member of the room, too old, or from the future: not shown; the fresh one for us is."""
    server, alice, bob = await alice_and_bob(tmp_path)
    now = int(time.time() * 1000)
    async with alice.session() as a, bob.session():
        await server.put_event(request(to, "$wrong", now + minutes * 60_000))
        await server.put_event(request("@alice:a.test", "$right", now))
        assert (await anext(a.verification_requests())).transaction_id == "$right"


async def test_outside_rooms_only_our_own_devices_may_ask(tmp_path: Path) -> None:
    """A to-device request of another user is not shown, however sound: any federated user can send one."""
    server, alice, bob = await alice_and_bob(tmp_path)
    now = int(time.time() * 1000)
    content = {"from_device": "BOB", "methods": ["m.sas.v1"], "timestamp": now, "transaction_id": "$wrong"}
    stray = {"type": "m.key.verification.request", "sender": "@bob:b.test", "content": content}
    async with alice.session() as a, bob.session():
        await server.put_to_device("@alice:a.test", "ALICE", stray)
        await server.put_event(request("@alice:a.test", "$right", now))
        assert (await anext(a.verification_requests())).transaction_id == "$right"


async def test_a_request_that_another_device_of_ours_answers_goes_away(tmp_path: Path) -> None:
    """Our own user's `ready` from another device: the question is put away here, and nothing is sent."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session():
        await server.put_event(request("@alice:a.test", "$alice", int(time.time() * 1000)))
        asked = await anext(a.verification_requests())
        relation = {"rel_type": "m.reference", "event_id": "$alice"}
        content = {"from_device": "PHONE", "methods": ["m.sas.v1"], "m.relates_to": relation}
        ready = {"type": "m.key.verification.ready", "sender": "@alice:a.test", "content": content}
        await server.put_event({**ready, "event_id": "$ready"})
        assert (await reached(asked, Cancelled)).code == "m.accepted"
    assert [path for _, path, _ in server.requests if path.startswith("/rooms/")] == []


async def test_messages_of_a_third_person_do_not_reach_a_verification(tmp_path: Path) -> None:
    """Only the one whom it is with speaks in it: a cancel by somebody else in the room is nothing."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a, bob.session() as b:
        asks = await a.verify("@bob:b.test")
        relation = {"rel_type": "m.reference", "event_id": asks.transaction_id}
        cancel = {"code": "m.user", "reason": "", "m.relates_to": relation}
        event = {"type": "m.key.verification.cancel", "sender": "@mallory:c.test", "content": cancel}
        await server.put_event({**event, "event_id": "$mallory"})
        is_asked = await anext(b.verification_requests())
        await is_asked.accept()
        await both_confirm(asks, is_asked)
        assert await reached(asks, Done) == Done(published=True)


def request(to: str, event_id: str, sent_at: int) -> Object:
    """A request of Bob's as Element sends it: unencrypted."""
    content = {
        "msgtype": "m.key.verification.request",
        "from_device": "BOB",
        "methods": ["m.sas.v1"],
        "to": to,
        "body": "?",
    }
    event = {"type": "m.room.message", "sender": "@bob:b.test", "event_id": event_id}
    return {**event, "origin_server_ts": sent_at, "content": content}
