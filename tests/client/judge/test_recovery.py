"""Recovery between our code and Element's own: what either sets up, the other comes back by."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from client.session.accounts import Accounts
from client.session.enrolment import enrol
from client.session.errors import RecoveryKeyWrong
from client.session.events import RoomCreation, Trust
from client.session.http_transport import HttpTransport
from client.session.recovery.state import Recovery
from client.session.rooms import RoomRequests
from tests.client.judge.judge import Judge, needs_node
from tests.client.session.homeserver import Homeserver, Login, running_synapse
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = [pytest.mark.synapse, needs_node]


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


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


async def room_with(homeserver: Homeserver, login: Login, *invited: str) -> str:
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        return await RoomRequests(transport).create_room(
            RoomCreation(invite=invited, initial_state=ENCRYPTED)
        )


async def test_element_comes_back_by_the_recovery_key_that_we_made(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Element opens our secret storage, believes our identity and backup, and reads the history from it."""
    account, login = await enrolled(homeserver, tmp_path, "ours.alice")
    bob, _ = await enrolled(homeserver, tmp_path, "ours.bob")
    room_id = await room_with(homeserver, login, bob.user_id)
    async with opened(account) as alice, opened(bob):
        key = await alice.set_up_recovery()
        updates = alice.updates()
        while bob.user_id not in await alice.readers(room_id):
            await anext(updates)
        await alice.send(room_id, {"msgtype": "m.text", "body": "before Element"})
        # What the server has is told to nobody.
        while (state := await alice.recovery_state()).backed_up != state.room_keys:  # noqa: ASYNC110 # see above
            await asyncio.sleep(0.05)
    second = homeserver.login(login.user_id, login.password)
    async with element(homeserver, second, recovery_key=key) as judge:
        back = await judge.ask("identity")
        assert (back["identity"], back["signed"], back["imported"]) == (True, True, 1)
        assert back["backup"] == {"trusted": True, "matchesDecryptionKey": True}
        events = (await judge.ask("events", read=room_id))["events"]
        assert events == [{"body": "before Element", "failed": False}]


@pytest.mark.parametrize("by", ["key", "passphrase"])
async def test_we_come_back_by_the_recovery_that_element_set_up(
    homeserver: Homeserver, tmp_path: Path, by: str
) -> None:
    """Our device opens Element's secret storage, is signed by its identity, and reads its backup."""
    login = homeserver.register(f"theirs.{by}.alice")
    bob, bob_login = await enrolled(homeserver, tmp_path, f"theirs.{by}.bob")
    room_id = await room_with(homeserver, bob_login, login.user_id)
    async with element(homeserver, login, passphrase="a passphrase for Element") as judge, opened(bob) as b:
        key = str((await judge.ask("recovery_key"))["recovery_key"])
        await judge.ask("joined", join=room_id)
        updates = b.updates()
        while login.user_id not in await b.readers(room_id):
            await anext(updates)
        await b.send(room_id, {"msgtype": "m.text", "body": "to Element"})
        await judge.ask("sent", send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "theirs"}})
        await next_event(b, lambda event: event.body == "theirs")
        await judge.ask("backed_up", backed_up=2)
    second = homeserver.login(login.user_id, login.password)
    account = await enrol(
        Accounts(tmp_path / "second"),
        user_id=second.user_id,
        homeserver=homeserver.url,
        device_id=second.device_id,
        access_token=second.access_token,
    )
    async with opened(account) as ours, opened(bob) as b:
        assert (await ours.recovery_state()).recovery is Recovery.LOCKED
        with pytest.raises(RecoveryKeyWrong):
            await ours.recover(passphrase="another passphrase")
        if by == "key":
            state = await ours.recover(recovery_key=key)
        else:
            state = await ours.recover(passphrase="a passphrase for Element")
        assert (state.recovery, state.signed, state.backup_refused) == (Recovery.UNLOCKED, True, None)
        for body in ("to Element", "theirs"):
            assert (await next_event(ours, lambda event, body=body: event.body == body)).reason  # type: ignore[misc] # bound at once
        await ours.send(room_id, {"msgtype": "m.text", "body": "from ours"})
        assert (await next_event(b, lambda event: event.body == "from ours")).trust is Trust.PINNED
