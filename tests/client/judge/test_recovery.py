"""Recovery between our code and Element's own: what either sets up, the other comes back by."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.session.errors import RecoveryKeyWrong
from client.session.events import Trust
from client.session.recovery.state import Recovery
from tests.client.judge.judge import Judge, needs_node
from tests.client.person import People, eventually, is_backed_up, read, until_joined, until_together
from tests.client.session.homeserver import Homeserver, Login

pytestmark = [pytest.mark.synapse, needs_node]


@contextlib.asynccontextmanager
async def element(homeserver: Homeserver, login: Login, **more: str) -> AsyncIterator[Judge]:
    """Element's library on a device of the account, setting recovery up or, with a key, coming back."""
    process = await asyncio.create_subprocess_exec(
        "node", "recovery.mjs", cwd=Path(__file__).parent, limit=2**24,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        judge = Judge(process)
        judge.tell(
            url=homeserver.url,
            user_id=login.user_id,
            device_id=login.device_id,
            access_token=login.access_token,
            **more,
        )
        yield judge
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_element_comes_back_by_the_recovery_that_we_set_up(people: People) -> None:
    """Element opens our secret storage, believes our identity and backup, and reads the history from it."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        key = await a.set_up_recovery()
        await until_together(room_id, a, b)
        await alice.say(a, room_id, "before Element")
        await eventually(lambda: is_backed_up(a))
    second = alice.homeserver.login(alice.user_id, alice.login.password)
    async with element(alice.homeserver, second, recovery_key=key) as judge:
        back = await judge.ask("identity")
        assert (back["identity"], back["signed"], back["imported"]) == (True, True, 1)
        assert back["backup"] == {"trusted": True, "matchesDecryptionKey": True}
        events = (await judge.ask("events", read=room_id))["events"]
        assert events == [{"body": "before Element", "failed": False}]


@pytest.mark.parametrize("by", ["key", "passphrase"])
async def test_we_come_back_by_the_recovery_that_element_set_up(people: People, by: str) -> None:
    """Our device opens Element's secret storage, is signed by its identity, and reads its backup."""
    bob, alice = await people("bob", on="court"), await people("alice", enrolled=False)
    room_id = await bob.room(alice)
    passphrase = "a passphrase for Element"
    async with element(alice.homeserver, alice.login, passphrase=passphrase) as judge, bob.opened() as b:
        key = str((await judge.ask("recovery_key"))["recovery_key"])
        await judge.ask("joined", join=room_id, via=bob.homeserver.name)
        await until_joined(b, room_id, alice)
        await bob.say(b, room_id, "to Element")
        await judge.ask("sent", send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "theirs"}})
        await read(b, "theirs")
        await judge.ask("backed_up", backed_up=2)
    second = await people.another_device(alice)
    async with second.opened() as ours, bob.opened() as b:
        assert (await ours.recovery_state()).recovery is Recovery.LOCKED
        with pytest.raises(RecoveryKeyWrong):
            await ours.recover(passphrase="another passphrase")
        if by == "key":
            state = await ours.recover(recovery_key=key)
        else:
            state = await ours.recover(passphrase=passphrase)
        assert (state.recovery, state.signed, state.backup_refused) == (Recovery.UNLOCKED, True, None)
        for body in ("to Element", "theirs"):
            assert (await read(ours, body)).reason
        await second.say(ours, room_id, "from ours")
        assert (await read(b, "from ours")).trust is Trust.PINNED
