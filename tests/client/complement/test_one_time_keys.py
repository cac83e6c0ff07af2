"""One-time keys run out, and servers do not take or give them: complement-crypto's one_time_keys_test.go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from client.session.errors import HomeserverRefused
from tests.client.person import People, Person, eventually, read, until_claimable, until_together
from tests.client.proxy.rules import Cut, Refuse

pytestmark = pytest.mark.synapse
UPLOAD = "/keys/upload"


async def claim(by: Person, of: Person) -> dict[str, Any]:
    """Claim a key of a device as another program may, and return it, by its name."""
    wanted = {of.user_id: {of.login.device_id: "signed_curve25519"}}
    answer: Any = await by.call("POST", "/keys/claim", {"one_time_keys": wanted})
    found: dict[str, Any] = answer["one_time_keys"][of.user_id][of.login.device_id]
    return found


async def claim_all(by: Person, of: Person) -> dict[str, Any]:
    """Claim until the fallback key comes, and return that."""
    while True:
        found = await claim(by, of)
        if any(key.get("fallback") for key in found.values()):
            return found


@pytest.mark.parametrize("failure", [Refuse, Cut])
async def test_fallback_key_is_used_if_one_time_keys_run_out(
    people: People, failure: type[Refuse] | type[Cut]
) -> None:
    """All one-time keys are gone, no new ones go up: two strangers use the same fallback, and are read."""
    alice, eater = await people("alice"), await people("eater", enrolled=False)
    bob, charlie = await people("bob"), await people("charlie")
    blocked = alice.proxy.add(failure(UPLOAD))
    async with alice.opened() as a, bob.opened() as b, charlie.opened() as c:
        fallback = await claim_all(eater, alice)
        room_id = await bob.room(alice, charlie)
        await until_together(room_id, b, a, c)
        await bob.say(b, room_id, "Hello world!")
        await charlie.say(c, room_id, "Goodbye world!")
        await read(a, "Hello world!")
        await read(a, "Goodbye world!")
        assert blocked.count
        assert await claim(eater, alice) == fallback
        blocked.end()

        async def is_replenished() -> bool:
            return await claim(eater, alice) != fallback

        await bob.say(b, room_id, "to wake Alice's sync")
        await eventually(is_replenished)


async def test_failed_one_time_key_upload_retries(people: People) -> None:
    """The first uploads of a new device are refused: its session goes on until others can claim its keys."""
    alice, bob = await people("alice", enrolled=False), await people("bob")
    refused = alice.proxy.add(Refuse(UPLOAD, times=3))
    with pytest.raises(HomeserverRefused):
        await alice.enrol()
    async with alice.opened():
        await until_claimable(bob, alice)
    assert refused.count == 3


async def test_failed_keys_claim_retries(people: People) -> None:
    """The first claims are refused, with an answer and without: the message waits, and is then read."""
    alice, bob = await people("alice"), await people("bob")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        refused = alice.proxy.add(Refuse("/keys/claim", times=2))
        cut = alice.proxy.add(Cut("/keys/claim", times=1))
        async with asyncio.TaskGroup() as sending:
            sending.create_task(alice.say(a, room_id, "once there is a key"))
            await read(b, "once there is a key")
        assert (refused.count, cut.count) == (2, 1)
        assert alice.proxy.count("/keys/claim") == 1
