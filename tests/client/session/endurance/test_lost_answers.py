from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client.session.errors import HomeserverRefused, HomeserverUnreachable, LimitExceeded
from client.session.events import Trust
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

Answer = Callable[[str, bytes], bytes]
"""Makes of the path of a request and the honest answer what arrives. May raise."""


def _answering(person: Person, change: Answer) -> None:
    inner = person.transport.request

    async def request(method: str, path: str, **rest: Any) -> bytes:
        answer = b"{}" if "/messages" in path or "/join/" in path else await inner(method, path, **rest)
        return change(path, answer)

    person.transport.request = request  # type: ignore[method-assign] # the seam


async def test_a_history_that_cannot_be_had_now_is_had_later(tmp_path: Path) -> None:
    """While the server answers 503 or 429 to the history, the gap stays open; then it is closed."""
    server, alice, bob = await alice_and_bob(tmp_path)
    refusals: list[HomeserverRefused] = [
        HomeserverRefused("x", why="not now", remedy="z", status=503, errcode="M_UNKNOWN"),
        LimitExceeded("x", why="not so fast", remedy="z", status=429, errcode="M_LIMIT_EXCEEDED"),
    ]

    def change(path: str, answer: bytes) -> bytes:
        if "/messages" in path:
            if refusals:
                raise refusals.pop(0)
            return json.dumps({"chunk": list(reversed(server.timeline))}).encode()
        decoded = json.loads(answer)
        room = decoded.get("rooms", {}).get("join", {}).get(ROOM)
        if "/sync" in path and room is not None and len(room["timeline"]["events"]) == 3:
            room["timeline"] = {"events": server.timeline[2:], "limited": True, "prev_batch": "p"}
        return json.dumps(decoded).encode()

    async with alice.session() as a:
        for number in range(3):
            await a.send(ROOM, {"msgtype": "m.text", "body": str(number)})
    _answering(bob, change)
    async with bob.session() as b:
        await next_event(b, lambda event: event.body == "2")
        updates = b.updates()
        while await b.gaps(ROOM):
            await anext(updates)
        events = await b.timeline(ROOM)
    assert [(event.body, event.trust) for event in events] == [(str(n), Trust.PINNED) for n in range(3)]
    assert refusals == []


async def _accepted(bob: Person, server: FakeHomeserver, *, uploads_fail: bool) -> asyncio.Event:
    """Invite Bob to another room by the next sync; return what is set once he asks to join it."""
    joining = asyncio.Event()
    told = False

    def change(path: str, answer: bytes) -> bytes:
        nonlocal told
        if "/join/" in path:
            joining.set()
            raise HomeserverUnreachable("x", why="away", remedy="z")
        if "/keys/upload" in path and uploads_fail:
            raise HomeserverUnreachable("x", why="away", remedy="z")
        if "/sync" in path and not told:
            told = True
            decoded = json.loads(answer)
            decoded["rooms"]["invite"] = {"!other": {"invite_state": {"events": []}}}
            answer = json.dumps(decoded).encode()
        return answer

    if uploads_fail:
        server.devices[bob.user_id, "BOB"].one_time_keys.clear()
    _answering(bob, change)
    return joining


async def test_an_invitation_that_came_just_before_a_kill_is_accepted_after_it(tmp_path: Path) -> None:
    """The server tells of an invitation once; a session that died before it had joined joins later."""
    server, _, bob = await alice_and_bob(tmp_path)
    joining = await _accepted(bob, server, uploads_fail=False)
    async with bob.session():
        await joining.wait()
    joining.clear()
    async with bob.session():
        await joining.wait()


async def test_what_a_sync_brought_is_taken_in_when_new_keys_cannot_be_uploaded(tmp_path: Path) -> None:
    """The invitation of a sync after which the upload of one-time keys fails is accepted all the same."""
    server, _, bob = await alice_and_bob(tmp_path)
    joining = await _accepted(bob, server, uploads_fail=True)
    async with bob.session():
        await joining.wait()


async def test_a_key_that_was_claimed_before_the_answer_came_is_not_uploaded_again(tmp_path: Path) -> None:
    """Killed between /keys/upload and its answer, nobody is given a one-time key that somebody else has."""
    server, alice, _ = await alice_and_bob(tmp_path)
    mine = server.devices[alice.user_id, "ALICE"]
    for name in list(mine.one_time_keys)[:40]:
        del mine.one_time_keys[name]
    before = set(mine.one_time_keys)
    server.losing_answers = lambda user, path: path == "/keys/upload"
    async with alice.session():
        pass
    claimed = next(name for name in mine.one_time_keys if name not in before)
    del mine.one_time_keys[claimed]
    server.losing_answers = lambda user, path: False
    syncs = len(server.requests)
    async with alice.session() as a:
        await a.send(ROOM, {"msgtype": "m.text", "body": "I am back"})
    uploads = [body for user, path, body in server.requests[syncs:] if path == "/keys/upload"]
    assert not any(claimed in body.get("one_time_keys", {}) for body in uploads)
    assert claimed not in mine.one_time_keys


async def test_a_key_that_was_claimed_while_a_device_enrolled_is_not_uploaded_again(tmp_path: Path) -> None:
    """The same of the very first upload, which an enrolment that is repeated would repeat."""
    server = FakeHomeserver("@alice:a.test", "@bob:b.test")
    alice = Person(server, "@alice:a.test", "ALICE", tmp_path)
    mine = server.devices[alice.user_id, "ALICE"]
    server.losing_answers = lambda user, path: path == "/keys/upload" and bool(mine.one_time_keys)
    with pytest.raises(HomeserverUnreachable):
        await alice.enrol()
    claimed = next(iter(mine.one_time_keys))
    del mine.one_time_keys[claimed]
    server.losing_answers = lambda user, path: False
    await alice.enrol(anew=False)
    assert claimed not in mine.one_time_keys
    assert len(mine.one_time_keys) == 49
    assert mine.keys


async def test_a_message_whose_acceptance_cannot_be_read_is_sent_once(tmp_path: Path) -> None:
    """An answer that is no JSON, as of a broken proxy, is none: the message is sent again as the same."""
    server, alice, _ = await alice_and_bob(tmp_path)
    pages = [b"<html>It works!</html>", b"{}"]
    _answering(alice, lambda path, answer: pages.pop(0) if "/send/" in path and pages else answer)
    async with alice.session() as a:
        sent = await a.send(ROOM, {"msgtype": "m.text", "body": "once"})
    assert [event["event_id"] for event in server.timeline] == [sent.event_id]
    assert pages == []
