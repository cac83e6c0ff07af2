"""What the face of a session promises, held by the process that has the store and by one that asks it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.session.accounts import Account
from client.session.errors import (
    AnswerNotSigned,
    CannotVerify,
    DeviceUnknown,
    IdentityChanged,
    MessageTooLarge,
    NotAllowed,
    RecoverySetUp,
    RoomSealed,
    SearchRefused,
    TargetExists,
    UnknownMessage,
    UnknownRoom,
)
from client.session.events import (
    Connection,
    ConnectionChanged,
    Membership,
    OwnDevice,
    RoomCreation,
    TimelineEvent,
)
from client.session.face import Session
from client.session.holder import served
from client.session.http_transport import HttpTransport
from client.session.opening import hold_session
from client.session.recovery.state import Recovery
from client.session.remote import RemoteSession, connected_session
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from client.session.verification import Cancelled, Compare, Done, Requested, Verification
from tests.client.session.homeserver import Homeserver, Login
from tests.client.session.people import ENCRYPTED, enrolled, opened

pytestmark = pytest.mark.synapse


@dataclass
class Setting:
    """Alice's session by its face, Bob's as it is, and the room that both are in."""

    alice: Session
    bob: OpenSession
    room_id: str
    login: Login
    homeserver: Homeserver
    folder: Path


Contract = Callable[[Setting], Awaitable[None]]
CONTRACTS: dict[str, Contract] = {}
COVERED: set[str] = set()


def covers(*members: str) -> Callable[[Contract], Contract]:
    """Register a contract, and which members of the face it is about."""

    def register(contract: Contract) -> Contract:
        CONTRACTS[contract.__name__] = contract
        COVERED.update(members)
        return contract

    return register


@asynccontextmanager
async def face(account: Account, way: str) -> AsyncIterator[Session]:
    """Open a session, held here or through the socket of its holder."""
    async with hold_session(account, welcome=lambda _: True) as held:
        if way == "held":
            yield held
            return
        async with (
            served(held, account.wanted_socket),
            connected_session(account.user_id, account.wanted_socket) as remote,
        ):
            assert isinstance(remote, RemoteSession)
            yield remote


@covers("user_id", "rooms", "members", "leave", "join")
async def rooms_and_members(setting: Setting) -> None:
    alice, bob = setting.alice, setting.bob
    assert alice.user_id == setting.login.user_id
    [room] = await alice.rooms()
    assert (room.room_id, room.name, room.membership) == (setting.room_id, "Lobby", Membership.JOIN)
    members = {member.user_id: member.membership for member in await alice.members(setting.room_id)}
    assert members == {alice.user_id: Membership.JOIN, bob.user_id: Membership.JOIN}
    with pytest.raises(UnknownRoom, match="nowhere"):
        await alice.members("!nowhere")
    assert await alice.join(setting.room_id) == setting.room_id
    await alice.leave(setting.room_id)
    assert await alice.rooms() == []


@covers("invite")
async def invitations(setting: Setting) -> None:
    alice, room_id = setting.alice, setting.room_id
    carol = (await asyncio.to_thread(setting.homeserver.register, f"carol.{secrets.token_hex(4)}")).user_id
    await alice.invite(room_id, carol)
    members = {member.user_id: member.membership for member in await alice.members(room_id)}
    assert members[carol] is Membership.INVITE
    with pytest.raises(UnknownRoom, match="nowhere"):
        await alice.invite("!nowhere", carol)
    with pytest.raises(NotAllowed, match=f"{setting.bob.user_id} was not invited"):
        await alice.invite(room_id, setting.bob.user_id)  # he is in it


@covers("send", "timeline", "readers", "new_events", "updates", "gaps")
async def messages(setting: Setting) -> None:
    alice, room_id = setting.alice, setting.room_id
    updates = alice.updates()
    assert await anext(updates) == ConnectionChanged(connection=Connection.LIVE)
    assert await alice.readers(room_id) == {setting.bob.user_id}
    content = {"msgtype": "m.text", "body": "once"}
    sent = await alice.send(room_id, content, transaction_id="same")
    assert await alice.send(room_id, content, transaction_id="same") == sent
    async for update in updates:
        if isinstance(update, TimelineEvent):
            assert (update.event_id, update.body) == (sent.event_id, "once")
            break
    [stored] = await alice.timeline(room_id, limit=5)
    assert stored.event_id == sent.event_id
    assert await alice.timeline(room_id, before=stored.position) == []
    assert [event.event_id for event in await alice.new_events()] == [sent.event_id]
    assert await alice.new_events() == []
    assert await alice.gaps(room_id) == []
    with pytest.raises(UnknownRoom):
        await alice.gaps("!nowhere")


@covers("queued", "send_again", "discard")
async def what_cannot_be_sent(setting: Setting) -> None:
    alice, room_id = setting.alice, setting.room_id
    large = {"msgtype": "m.text", "body": "x" * 70_000}
    with pytest.raises(MessageTooLarge, match="in parts"):
        await alice.send(room_id, large, transaction_id="large")
    await alice.send(room_id, {"msgtype": "m.text", "body": "after it"})
    [failed] = await alice.queued()
    assert (failed.transaction_id, failed.room_id, failed.content) == ("large", room_id, large)
    assert "M_TOO_LARGE" in str(failed.failure)
    with pytest.raises(MessageTooLarge):
        await alice.send_again("large")
    await alice.discard("large")
    assert await alice.queued() == []
    for gone in (alice.discard("large"), alice.send_again("large")):
        with pytest.raises(UnknownMessage):
            await gone


@covers("search", "draft", "set_draft")
async def search_and_drafts(setting: Setting) -> None:
    alice, room_id = setting.alice, setting.room_id
    sent = await alice.send(room_id, {"msgtype": "m.text", "body": "Témoin à Dakar"})
    await _stored(alice, room_id)
    [hit] = await alice.search("temoin from:" + alice.user_id)
    assert (hit.event_id, hit.room_id, hit.body) == (sent.event_id, room_id, "Témoin à Dakar")
    assert await alice.search("temoin", before=hit.position) == []
    with pytest.raises(SearchRefused):
        await alice.search("")
    assert await alice.draft(room_id) == ""
    await alice.set_draft(room_id, "not yet")
    assert await alice.draft(room_id) == "not yet"


@covers("send_file", "save_attachment")
async def files(setting: Setting) -> None:
    alice, room_id, folder = setting.alice, setting.room_id, setting.folder
    folder.joinpath("report.txt").write_bytes(b"evidence")
    told: list[tuple[int, int | None]] = []
    sent = await alice.send_file(
        room_id, folder / "report.txt", caption="for tomorrow", progress=lambda *so_far: told.append(so_far)
    )
    assert told[-1] == (8, 8)
    await _stored(alice, room_id)
    saved = await alice.save_attachment(room_id, sent.event_id, folder / "back.txt")
    assert (folder / "back.txt").read_bytes() == b"evidence"
    assert (saved.path, saved.size) == (str(folder / "back.txt"), 8)
    with pytest.raises(TargetExists):
        await alice.save_attachment(room_id, sent.event_id, folder / "back.txt")


@covers("identity", "accept_identity", "seal")
async def identities(setting: Setting) -> None:
    alice, bob = setting.alice, setting.bob.user_id
    await alice.readers(setting.room_id)
    known = await alice.identity(bob)
    assert (known.changed, known.verified, known.attested) == (False, False, False)
    await alice.accept_identity(bob, master_key=known.master_key)
    with pytest.raises(IdentityChanged):
        await alice.accept_identity(bob, master_key="another")
    await alice.seal(setting.room_id)
    with pytest.raises(RoomSealed, match=bob):
        await alice.send(setting.room_id, {"msgtype": "m.text", "body": "to nobody"})


@covers("devices", "rename_device", "remove_device")
async def own_devices(setting: Setting) -> None:
    alice, password = setting.alice, setting.login.password
    second = setting.homeserver.login(setting.login.user_id, password).device_id

    async def found() -> dict[str, OwnDevice]:
        return {device.device_id: device for device in await alice.devices()}

    this, other = (await alice.devices())[0], (await found())[second]
    assert (this.device_id, this.is_this, this.cross_signed) == (setting.login.device_id, True, True)
    assert (other.is_this, other.cross_signed) == (False, False)
    await alice.rename_device(second, "old telephone")
    assert (await found())[second].name == "old telephone"
    with pytest.raises(NotAllowed):
        await alice.remove_device(second, password="wrong")
    await alice.remove_device(second, password=password)
    assert second not in await found()
    with pytest.raises(DeviceUnknown):
        await alice.rename_device(second, "gone")


@covers("attestation", "attestations")
async def attestations(setting: Setting) -> None:
    assert await setting.alice.attestation(setting.bob.user_id) is None
    assert await setting.alice.attestations() == []


@covers("signed_attestations", "sign_answer")
async def answers(setting: Setting) -> None:
    assert await setting.alice.signed_attestations() == []
    with pytest.raises(AnswerNotSigned, match="another answerer"):
        await setting.alice.sign_answer({"answerer": setting.bob.user_id})
    with pytest.raises(AnswerNotSigned, match="holds no answer key"):
        await setting.alice.sign_answer({"answerer": setting.alice.user_id})


@covers("verify")
async def verifying_as_the_one_who_asks(setting: Setting) -> None:
    await setting.alice.readers(setting.room_id)
    asks = await setting.alice.verify(setting.bob.user_id)
    with pytest.raises(CannotVerify, match="under way"):
        await setting.alice.verify(setting.bob.user_id)
    await _agreed(asks, await anext(setting.bob.verification_requests()))


@covers("verification_requests")
async def verifying_as_the_one_who_is_asked(setting: Setting) -> None:
    requests = setting.alice.verification_requests()
    await setting.bob.readers(setting.room_id)
    asks = await setting.bob.verify(setting.alice.user_id)
    asked = await anext(requests)
    assert (asked.user_id, asked.transaction_id) == (setting.bob.user_id, asks.transaction_id)
    await _agreed(asks, asked)
    with pytest.raises(CannotVerify):
        await asked.accept()
    second = await setting.bob.verify(setting.alice.user_id)
    await (await anext(requests)).cancel()
    assert [step async for step in second.steps()][-1] == Cancelled(
        "m.user", "The other side has declined, or ended it.", by_them=True
    )


@covers("recovery_state", "set_up_recovery", "recover", "reset_identity")
async def recovery(setting: Setting) -> None:
    alice = setting.alice
    assert (await alice.recovery_state()).recovery is Recovery.NOT_SET_UP
    key = await alice.set_up_recovery(passphrase="six words that nobody else would say")
    with pytest.raises(RecoverySetUp):
        await alice.set_up_recovery()
    assert (await alice.recover(recovery_key=key)).recovery is Recovery.UNLOCKED
    assert await alice.reset_identity(password=setting.login.password) != key
    assert (await alice.recovery_state()).signed


@pytest.mark.parametrize("way", ["held", "remote"])
@pytest.mark.parametrize("contract", CONTRACTS)
async def test_the_face_holds_what_it_promises(
    homeserver: Homeserver, tmp_path: Path, way: str, contract: str
) -> None:
    """Each contract holds in the process that has the store and through its socket alike."""
    name = f"{contract}.{way}".replace("_", ".")
    alice, login = await enrolled(homeserver, tmp_path, f"{name}.alice")
    bob, _ = await enrolled(homeserver, tmp_path, f"{name}.bob")
    async with opened(bob) as b, HttpTransport(homeserver.url, login.access_token) as transport:
        creation = RoomCreation(name="Lobby", invite=(bob.user_id,), initial_state=ENCRYPTED)
        room_id = await RoomRequests(transport).create_room(creation)
        await b.join(room_id)
        async with face(alice, way) as a:
            await CONTRACTS[contract](Setting(a, b, room_id, login, homeserver, tmp_path))


def test_every_member_of_the_face_has_a_contract() -> None:
    """Whoever adds to the face says here what it promises, and so sees it work through the socket."""
    assert {name for name in vars(Session) if not name.startswith("_")} == COVERED


async def _stored(session: Session, room_id: str) -> None:
    """Wait until what was sent has come back by the sync."""
    updates = session.updates()
    while not await session.timeline(room_id):
        await anext(updates)


async def _agreed(asks: Verification, asked: Verification) -> None:
    """Both sides see the same emoji and say so."""
    seen: list[Compare] = []

    async def follow(verification: Verification) -> None:
        async for step in verification.steps():
            if isinstance(step, Requested) and step.incoming:
                await verification.accept()
            elif isinstance(step, Compare):
                seen.append(step)
                await verification.confirm()
            assert not isinstance(step, Cancelled), step
            if isinstance(step, Done):
                return
        raise AssertionError("it ended without a last step")

    async with asyncio.TaskGroup() as both:
        both.create_task(follow(asks))
        both.create_task(follow(asked))
    assert seen[0] == seen[1]
