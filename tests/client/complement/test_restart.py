"""kill -9 at the worst moment: complement-crypto's state_synchronisation_test.go and to_device_test.go."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from client.session.errors import StoreHeld
from client.session.events import Trust
from client.session.opening import hold_session
from tests.client.complement.device_process import device_process
from tests.client.complement.test_one_time_keys import claim_all
from tests.client.person import People, Person, eventually, read, until_together
from tests.client.proxy.rules import Answer, Hold

pytestmark = pytest.mark.synapse
UPLOAD = "/keys/upload"


@pytest.mark.parametrize("when", ["at the first login", "when keys are replenished"])
async def test_sigkill_before_keys_upload_response(people: People, when: str) -> None:
    """Killed once the server has its keys and before it knows: their names go to no others, and they work.

    Nor does it upload them again: one that was claimed meanwhile would be given out a second time.
    """
    first_login = when == "at the first login"
    alice, bob = await people("alice", enrolled=not first_login), await people("bob")
    if not first_login:
        await claim_all(bob, alice)
    before = len(alice.proxy.calls_to(UPLOAD))
    held = alice.proxy.add(Hold(UPLOAD, answers=True, where=_has_taken_keys))
    async with device_process(alice) as process:
        await held.happened()
        process.kill()
        await process.wait()
    held.release()
    if first_login:
        await alice.enrol()
    async with alice.opened() as a, bob.opened() as b:
        room_id = await alice.room(bob)
        await until_together(room_id, b, a)
        await bob.say(b, room_id, "with a key of hers")
        await read(a, "with a key of hers")
    bodies = [call.request.json() for call in alice.proxy.calls_to(UPLOAD)[before:]]
    for kind in ("one_time_keys", "fallback_keys"):
        uploads = [_public(body[kind]) for body in bodies if body.get(kind)]
        assert uploads
        named: dict[str, str] = {}
        for names in uploads:
            assert all(named.setdefault(name, key) == key for name, key in names.items())


def _public(keys: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: key["key"] for name, key in keys.items()}


def _has_taken_keys(answer: Answer) -> bool:
    counts = json.loads(answer.body).get("one_time_key_counts", {})
    return bool(counts.get("signed_curve25519"))


def _brings_a_key(answer: Answer) -> bool:
    events = json.loads(answer.body).get("to_device", {}).get("events", [])
    return any(event["type"] == "m.room.encrypted" for event in events)


@pytest.mark.parametrize("when", ["before the answer", "while its sender is looked up", "just after"])
async def test_unprocessed_to_device_messages_arent_lost_on_restart(people: People, when: str) -> None:
    """Killed around the moment when a sync brings it a room key, among sixty others: it has the key after."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob, encryption={"rotation_period_msgs": 1})
    async with alice.opened() as a:
        async with bob.opened() as b:
            await until_together(room_id, a, b)
            await alice.say(a, room_id, "while Bob is here")
            await read(b, "while Bob is here")
        cancelled = {
            "action": "request_cancellation",
            "request_id": "random",
            "requesting_device_id": "WHO_KNOWS",
        }
        for number in range(60):
            body = {"messages": {bob.user_id: {"*": cancelled}}}
            await alice.call("PUT", f"/sendToDevice/m.room_key_request/{number}", body)
        await alice.say(a, room_id, "while Bob is away")
        if when == "while its sender is looked up":
            await people.another_device(alice)  # so that there is something to look up
        await eventually(lambda: _waits_for(bob))
        held = bob.proxy.add(Hold("/sync", answers=True, where=_brings_a_key))
        looking_up = bob.proxy.add(Hold("/keys/query"))
        async with device_process(bob) as process:
            await held.happened()
            if when != "before the answer":
                held.release()
            if when == "while its sender is looked up":
                await looking_up.happened()
            if when == "just after":
                await asyncio.sleep(0.01)  # no wait for anything: the moment of the kill is chosen by it
            process.kill()
            await process.wait()
        held.release()
        looking_up.release()
        async with bob.opened() as b:
            assert (await read(b, "while Bob is away")).trust is Trust.PINNED


async def _waits_for(bob: Person) -> bool:
    """Whether Bob's server has a room key for his device, by a look that takes nothing from it."""
    answer: Any = await bob.call("GET", "/sync?timeout=0&filter=%7B%22room%22:%7B%22rooms%22:[]%7D%7D")
    events = answer.get("to_device", {}).get("events", [])
    return any(event["type"] == "m.room.encrypted" for event in events)


async def test_two_processes_on_one_store(people: People) -> None:
    """In place of upstream's rust/ rows: a second process on a store is refused, and told who has it."""
    alice = await people("alice")
    async with device_process(alice) as process:
        await alice.proxy.until(lambda: alice.proxy.count("/sync") > 0)
        assert alice.account is not None
        with pytest.raises(StoreHeld, match=str(process.pid)):
            async with hold_session(alice.account, welcome=lambda _: True):
                pass
