"""Emoji compared between our code and Element's own crypto: each side alone knows the specification."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from client.session.accounts import Account
from client.session.crypto.own_identity import OwnIdentity
from client.session.events import Json, RoomCreation, Trust
from client.session.http_transport import HttpTransport
from client.session.owned_tasks import OwnedTasks
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from client.session.store.account_store import open_account_store
from client.session.transport import Transport
from client.session.verification import Cancelled, Compare, Done, Requested, Step, Verification
from tests.client.judge.judge import Judge, judge, needs_node
from tests.client.session.homeserver import Homeserver, Login, running_synapse
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = [pytest.mark.synapse, needs_node]
Kind = TypeVar("Kind", bound=Step)


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


async def reached(verification: Verification, kind: type[Kind]) -> Kind:
    """Return the step of that kind once it is reached."""
    async for step in verification.steps():
        if isinstance(step, kind):
            return step
        assert not isinstance(step, Done | Cancelled), step
    raise AssertionError("the session closed")


async def compared(verification: Verification, element: Judge) -> None:
    """Both sides show their emoji and numbers, and they are the same, names included."""
    ours = await reached(verification, Compare)
    theirs = await element.until(verification="sas")
    assert [[emoji.symbol, emoji.name] for emoji in ours.emoji] == theirs["emoji"]
    assert list(ours.decimals) == theirs["decimals"]


class ForgingTransport:
    """A homeserver that shows us, from the start, an identity of its own in place of somebody's.

    The forgery is sound in itself: its master key signs the true self-signing key, which signs the device.
    """

    def __init__(self, transport: Transport, victim: str) -> None:
        self._transport = transport
        self._victim = victim
        self._forged = OwnIdentity.generate(victim)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        raw = await self._transport.request(method, path, query=query, body=body, timeout=timeout)
        if not path.endswith("/keys/query"):
            return raw
        answer = json.loads(raw)
        if self._victim in answer.get("master_keys", {}):
            answer["master_keys"][self._victim] = self._forged.public_object(self._forged.master)
            signing = answer["self_signing_keys"][self._victim]
            signing["signatures"] = {}
            answer["self_signing_keys"][self._victim] = self._forged.master.sign(signing, self._victim)
        return json.dumps(answer).encode()


@asynccontextmanager
async def deceived(account: Account, login: Login, victim: str) -> AsyncIterator[OpenSession]:
    """Open a session whose homeserver forges an identity."""
    db = open_account_store(account.folder, account.user_id)
    try:
        async with HttpTransport(account.homeserver, login.access_token) as http, OwnedTasks() as tasks:
            session = OpenSession(db, ForgingTransport(http, victim), http, tasks.begin, lambda _: True)
            session.start()
            await session.sync.attempted.wait()
            yield session
            session.close()
    finally:
        db.close()


@asynccontextmanager
async def together(
    homeserver: Homeserver, root: Path, name: str, *, forged: bool = False
) -> AsyncIterator[tuple[OpenSession, Judge, Login, str]]:
    """Alice with our code and another user with Element's, in one encrypted room."""
    account, login = await enrolled(homeserver, root, f"{name}.alice")
    other = homeserver.register(f"{name}.element")
    open_alice = deceived(account, login, other.user_id) if forged else opened(account)
    async with judge(homeserver, other) as element, open_alice as alice:
        async with HttpTransport(homeserver.url, login.access_token) as transport:
            creation = RoomCreation(name="ROG", invite=(other.user_id,), initial_state=ENCRYPTED)
            room_id = await RoomRequests(transport).create_room(creation)
        element.tell(join=room_id)
        await element.until(joined=room_id)
        updates = alice.updates()
        while other.user_id not in {
            member.user_id
            for room in await alice.rooms()
            for member in await alice.members(room.room_id)
            if member.membership == "join"
        }:
            await anext(updates)
        sent = await alice.send(room_id, {"msgtype": "m.text", "body": "Shall we compare?"})
        await element.until(event_id=sent.event_id, type="m.room.message")
        yield alice, element, other, room_id


async def test_we_ask_element_in_a_room_and_both_trust_each_other_after(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """In-room, as requester: the same emoji on both sides; each identity is verified for the other."""
    async with together(homeserver, tmp_path, "ask") as (alice, element, other, room_id):
        verification = await alice.verify(other.user_id)
        await compared(verification, element)
        await verification.confirm()
        element.tell(confirm=True)
        assert await reached(verification, Done) == Done(published=True)
        await element.until(verification="done")
        trust = {"user_id": alice.user_id, "device_id": alice.device_id}
        while not (await element.ask("user_verified", trust=trust))["user_verified"]:
            pass  # its own signature comes back to it with a sync; the test's time-out is the limit
        element.tell(send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "after"}})
        event = await next_event(alice, lambda event: event.body == "after")
        assert event.trust is Trust.VERIFIED


async def test_element_asks_us_in_a_room(homeserver: Homeserver, tmp_path: Path) -> None:
    """In-room, as the one who is asked, by unencrypted messages as Element sends them: the same result."""
    async with together(homeserver, tmp_path, "asked") as (alice, element, _, room_id):
        element.tell(verify_user={"user_id": alice.user_id, "room_id": room_id})
        verification = await anext(alice.verification_requests())
        assert await reached(verification, Requested) == Requested(incoming=True)
        await verification.accept()
        await compared(verification, element)
        element.tell(confirm=True)
        await verification.confirm()
        assert await reached(verification, Done) == Done(published=True)
        await element.until(verification="done")


@pytest.mark.parametrize("who", ["we", "element"])
async def test_other_emoji_end_it_on_both_sides(homeserver: Homeserver, tmp_path: Path, who: str) -> None:
    """Whoever says that the emoji differ, both sides end it as m.mismatched_sas, and nobody is trusted."""
    async with together(homeserver, tmp_path, f"differ.{who}") as (alice, element, other, _):
        verification = await alice.verify(other.user_id)
        await compared(verification, element)
        if who == "we":
            await verification.cancel(mismatch=True)
            assert (await element.until(verification="cancelled"))["code"] == "m.mismatched_sas"
        else:
            element.tell(mismatch=True)
        cancelled = await reached(verification, Cancelled)
        assert (cancelled.code, cancelled.by_them) == ("m.mismatched_sas", who == "element")
        trust = await element.ask(
            "user_verified", trust={"user_id": alice.user_id, "device_id": alice.device_id}
        )
        assert trust["user_verified"] is False


async def test_an_identity_that_the_homeserver_forges_does_not_survive(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """The emoji agree, for nobody sits between; the proof of the keys does not: m.key_mismatch."""
    async with together(homeserver, tmp_path, "forged", forged=True) as (alice, element, other, room_id):
        verification = await alice.verify(other.user_id)
        await compared(verification, element)
        element.tell(confirm=True)
        await verification.confirm()
        cancelled = await reached(verification, Cancelled)
        assert (cancelled.code, cancelled.by_them) == ("m.key_mismatch", False)
        assert (await element.until(verification="cancelled"))["code"] == "m.key_mismatch"
        element.tell(send={"room_id": room_id, "content": {"msgtype": "m.text", "body": "after"}})
        event = await next_event(alice, lambda event: event.body == "after")
        assert event.trust is Trust.PINNED


@pytest.mark.parametrize("who", ["we", "element"])
async def test_our_identity_vouches_for_a_new_device_with_elements_crypto(
    homeserver: Homeserver, tmp_path: Path, who: str
) -> None:
    """To-device, in both roles: Element's new login is signed by the self-signing key that we hold."""
    account, login = await enrolled(homeserver, tmp_path, f"own.{who}")
    new = homeserver.login(login.user_id, login.password)
    async with judge(homeserver, new, later_device=True) as element, opened(account) as ours:
        trust = {"user_id": new.user_id, "device_id": new.device_id}
        assert (await element.ask("device_signed", trust=trust))["device_signed"] is False
        if who == "we":
            verification = await ours.verify(ours.user_id)
        else:
            element.tell(verify_own=True)
            verification = await anext(ours.verification_requests())
            await verification.accept()
        await compared(verification, element)
        await verification.confirm()
        element.tell(confirm=True)
        assert await reached(verification, Done) == Done(published=True)
        await element.until(verification="done")
        # Element learns of the signature with its next look at the device list, of a missing one never
        async with asyncio.timeout(30):
            while not (await element.ask("device_signed", trust=trust))["device_signed"]:  # noqa: ASYNC110 - another process: no event tells
                await asyncio.sleep(0)
