from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from vodozemac import GroupSession

from client.session.accounts import Account, Accounts
from client.session.crypto.inbound_sessions import DIRECT, InboundSessions
from client.session.crypto.key_backup.backup_marks import BackupMarks
from client.session.crypto.secret_storage.recovery_key import read_recovery_key, write_recovery_key
from client.session.crypto.secret_storage.secret_storage import SecretName
from client.session.enrolment import enrol
from client.session.errors import (
    BackupRefused,
    IdentityChanged,
    IdentityNotHeld,
    NotAllowed,
    RecoveryKeyWrong,
    RecoverySetUp,
)
from client.session.events import Json, RoomCreation, TimelineEvent, Trust
from client.session.http_transport import HttpTransport
from client.session.recovery.state import Recovery, RecoveryState
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from client.session.store.account_store import open_account_store
from client.session.verification import Cancelled, Compare, Done, Requested, Verification
from tests.client.session.homeserver import Homeserver, Login, call
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = pytest.mark.synapse


class Alice:
    """An account with a first device that has a room with Bob; more devices in homes of their own."""

    def __init__(self, homeserver: Homeserver, root: Path, first: Account, login: Login) -> None:
        self._homeserver, self._root = homeserver, root
        self.first, self.login = first, login
        self.bob: Account = first
        self.room_id = ""

    async def second_device(self, name: str = "second") -> Account:
        login = self._homeserver.login(self.login.user_id, self.login.password)
        return await enrol(
            Accounts(self._root / name),
            user_id=login.user_id,
            homeserver=self._homeserver.url,
            device_id=login.device_id,
            access_token=login.access_token,
        )

    def call(self, method: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
        """What the homeserver's operator can do, or the account's owner with another program."""
        return call(self._homeserver.url, method, f"/_matrix/client/v3{path}", body, self.login.access_token)


async def alice(homeserver: Homeserver, root: Path, name: str) -> Alice:
    first, login = await enrolled(homeserver, root / "first", f"{name}.alice")
    found = Alice(homeserver, root, first, login)
    found.bob, _ = await enrolled(homeserver, root / "bob", f"{name}.bob")
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        creation = RoomCreation(invite=(found.bob.user_id,), initial_state=ENCRYPTED)
        found.room_id = await RoomRequests(transport).create_room(creation)
    return found


async def conversation(someone: Alice) -> None:
    """Bob and Alice's first device each write a message, and the backup has both keys."""
    async with opened(someone.first) as a, opened(someone.bob) as b:
        await until_reader(a, someone.room_id, someone.bob.user_id)
        await a.send(someone.room_id, text("from Alice"))
        await next_event(b, saying("from Alice"))
        await b.send(someone.room_id, text("from Bob"))
        await next_event(a, saying("from Bob"))
        if (await a.recovery_state()).recovery is Recovery.UNLOCKED:
            await until_backed_up(a)


def text(body: str) -> dict[str, Json]:
    return {"msgtype": "m.text", "body": body}


def saying(body: str) -> Callable[[TimelineEvent], bool]:
    return lambda event: event.body == body


async def until_reader(session: OpenSession, room_id: str, user_id: str) -> None:
    updates = session.updates()
    while user_id not in await session.readers(room_id):
        await anext(updates)


async def until(session: OpenSession, holds: Callable[[RecoveryState], bool]) -> RecoveryState:
    """Poll: what the server has is told to nobody. The test's own time-out is the limit."""
    while True:
        state = await session.recovery_state()
        if holds(state):
            return state
        await asyncio.sleep(0.05)


async def until_backed_up(session: OpenSession) -> RecoveryState:
    return await until(
        session, lambda state: bool(state.backup_version) and state.backed_up == state.room_keys
    )


async def test_a_second_device_reads_the_history_and_is_vouched_for_after_recovery(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Before: locked, nothing readable. With the key: signed, history read, believed no more than it may."""
    someone = await alice(homeserver, tmp_path, "recover")
    async with opened(someone.first) as a:
        assert (await a.recovery_state()).recovery is Recovery.NOT_SET_UP
        key = await a.set_up_recovery()
        with pytest.raises(RecoverySetUp):
            await a.set_up_recovery()
    await conversation(someone)
    async with opened(await someone.second_device()) as second, opened(someone.bob) as bob:
        state = await second.recovery_state()
        assert (state.recovery, state.signed) == (Recovery.LOCKED, False)
        with pytest.raises(IdentityNotHeld):
            await second.set_up_recovery(replace=True)
        before = [event.trust for event in await second.timeline(someone.room_id)]
        assert before == [Trust.UNDECRYPTABLE] * 2
        with pytest.raises(RecoveryKeyWrong):
            await second.recover(recovery_key=swapped(key))
        with pytest.raises(RecoveryKeyWrong):
            await second.recover(passphrase="a guess")
        assert (await second.recovery_state()).recovery is Recovery.LOCKED
        state = await second.recover(recovery_key=key)
        assert (state.recovery, state.signed) == (Recovery.UNLOCKED, True)
        events = await second.timeline(someone.room_id)
        assert [event.body for event in events] == ["from Alice", "from Bob"]
        # Nobody proves who put a key into the backup, so nobody's name is believed for it.
        assert {event.trust for event in events} == {Trust.UNSIGNED_DEVICE}
        assert all("backup" in str(event.reason) for event in events)
        await second.send(someone.room_id, text("from the second"))
        assert (await next_event(bob, saying("from the second"))).trust is Trust.PINNED
        await bob.send(someone.room_id, text("to the second"))
        event = await next_event(second, saying("to the second"))
        assert event.trust is Trust.PINNED


def swapped(key: str) -> str:
    """Another recovery key, well formed."""
    return write_recovery_key(bytes(reversed(read_recovery_key(key))))


async def test_a_passphrase_opens_what_the_key_opens_and_a_new_key_ends_both(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Either unlocks a device; replaced, the old ones are refused and the backup goes on."""
    someone = await alice(homeserver, tmp_path, "passphrase")
    async with opened(someone.first) as a:
        old = await a.set_up_recovery(passphrase="correct horse battery staple")
        version = (await a.recovery_state()).backup_version
    await conversation(someone)
    async with opened(await someone.second_device()) as second:
        with pytest.raises(RecoveryKeyWrong):
            await second.recover(passphrase="correct horse battery stapler")
        state = await second.recover(passphrase="correct horse battery staple")
        assert state.recovery is Recovery.UNLOCKED
        new = await second.set_up_recovery(replace=True)
        assert (await second.recovery_state()).backup_version == version
    async with opened(await someone.second_device("third")) as third:
        with pytest.raises(RecoveryKeyWrong):
            await third.recover(recovery_key=old)
        with pytest.raises(RecoveryKeyWrong):
            await third.recover(passphrase="correct horse battery staple")
        await third.recover(recovery_key=new)
        events = await third.timeline(someone.room_id)
        assert [event.body for event in events] == ["from Alice", "from Bob"]


async def test_a_backup_that_the_server_exchanged_is_refused_with_the_reason(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """A version with another key gets no room key from the first device and is refused by the second."""
    someone = await alice(homeserver, tmp_path, "exchanged")
    async with opened(someone.first) as a:
        key = await a.set_up_recovery()
    foreign: dict[str, object] = {
        "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2",
        "auth_data": {"public_key": "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo", "signatures": {}},
    }
    version = someone.call("POST", "/room_keys/version", foreign)["version"]
    async with opened(someone.first) as a, opened(someone.bob):
        await until_reader(a, someone.room_id, someone.bob.user_id)
        await a.send(someone.room_id, text("not for the backup"))
        state = await until(a, lambda state: state.backup_refused is not None)
        assert "neither our identity signs it" in str(state.backup_refused)
        assert state.backup_version is None
    assert someone.call("GET", "/room_keys/version")["count"] == 0
    async with opened(await someone.second_device()) as second:
        with pytest.raises(BackupRefused, match="neither our identity"):
            await second.recover(recovery_key=key)
        state = await second.recovery_state()
        assert (state.recovery, state.signed) == (Recovery.UNLOCKED, True)
        assert state.backup_refused
    assert someone.call("GET", "/room_keys/version")["version"] == version


async def test_an_altered_entry_of_the_backup_is_refused_and_costs_no_other(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """One session's ciphertext exchanged for another's: that one stays unread, the rest is read."""
    someone = await alice(homeserver, tmp_path, "altered")
    async with opened(someone.first) as a:
        key = await a.set_up_recovery()
    await conversation(someone)
    async with opened(someone.first) as a:
        version = (await until_backed_up(a)).backup_version
    path = f"/room_keys/keys?version={version}"
    rooms = someone.call("GET", path)["rooms"]
    assert isinstance(rooms, dict)
    sessions = rooms[someone.room_id]["sessions"]
    good, bad = sorted(sessions)
    # The server itself can put anything there; through the API a lower count is what replaces an entry.
    someone.call("DELETE", path)
    sessions[bad] = sessions[good]
    someone.call("PUT", path, {"rooms": rooms})
    async with opened(await someone.second_device()) as second:
        state = await second.recover(recovery_key=key)
        assert state.refused_keys == 1
        trusts = [event.trust for event in await second.timeline(someone.room_id)]
        assert sorted(trusts) == [Trust.UNDECRYPTABLE, Trust.UNSIGNED_DEVICE]


async def test_a_reset_begins_anew_and_everyone_is_warned(homeserver: Homeserver, tmp_path: Path) -> None:
    """With the password alone a locked device makes a new identity; a wrong one changes nothing."""
    someone = await alice(homeserver, tmp_path, "reset")
    async with opened(someone.first) as a:
        old = await a.set_up_recovery()
    await conversation(someone)
    async with opened(await someone.second_device()) as second, opened(someone.bob) as bob:
        with pytest.raises(NotAllowed, match="not reset"):
            await second.reset_identity(password="wrong")
        await bob.readers(someone.room_id)
        await bob.send(someone.room_id, text("still the old one"))
        new = await second.reset_identity(password=someone.login.password)
        state = await second.recovery_state()
        assert (state.recovery, state.signed) == (Recovery.UNLOCKED, True)
        await bob.readers(someone.room_id)
        with pytest.raises(IdentityChanged):
            await bob.send(someone.room_id, text("to whom?"))
        await bob.accept_identity(someone.first.user_id)
        await bob.send(someone.room_id, text("to the new one"))
        await next_event(second, saying("to the new one"))
    async with opened(await someone.second_device("third")) as third:
        with pytest.raises(RecoveryKeyWrong):
            await third.recover(recovery_key=old)
        assert (await third.recover(recovery_key=new)).signed


async def test_a_backup_killed_midway_goes_on_where_it_was(homeserver: Homeserver, tmp_path: Path) -> None:
    """kill -9 amid 2,000 room keys: what was taken stays marked, the rest follows, all of them once."""
    account, login = await enrolled(homeserver, tmp_path, "backup.killed.alice")
    async with opened(account) as a:
        key = await a.set_up_recovery()
    names = _many_room_keys(account, 2000)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.client.session.backing_up_process", str(tmp_path), account.user_id,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    said = 0
    while said < 300:
        said = int(await process.stdout.readline())
    process.kill()
    await process.communicate()
    marked = _marked(account)
    assert 300 <= marked < 2000
    async with opened(account) as a:
        version = (await until_backed_up(a)).backup_version
    path = f"/_matrix/client/v3/room_keys/keys?version={version}"
    rooms = call(homeserver.url, "GET", path, None, login.access_token)["rooms"]
    assert isinstance(rooms, dict)
    assert set(rooms["!many"]["sessions"]) == names
    second = homeserver.login(login.user_id, login.password)
    other = await enrol(
        Accounts(tmp_path / "second"),
        user_id=second.user_id,
        homeserver=homeserver.url,
        device_id=second.device_id,
        access_token=second.access_token,
    )
    async with opened(other) as b:
        assert (await b.recover(recovery_key=key)).backup_version == version


def _many_room_keys(account: Account, count: int) -> set[str]:
    db = open_account_store(account.folder, account.user_id)
    try:
        sessions, names = InboundSessions(db), set()
        for _ in range(count):
            group = GroupSession()
            names.add(group.session_id)
            sessions.add(
                room_id="!many",
                session_id=group.session_id,
                session_key=group.session_key.to_base64(),
                sender_key="sender",
                signing_key="signing",
                sender="@someone:x",
                device_id=None,
                provenance=DIRECT,
            )
        with db.atomic():
            sessions.save_changes()
        return names
    finally:
        db.close()


def _marked(account: Account) -> int:
    db = open_account_store(account.folder, account.user_id)
    try:
        return BackupMarks(db).count()[0]
    finally:
        db.close()


async def test_a_device_that_another_vouches_for_is_given_the_secrets(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Compared by emoji, the second device is given identity and backup key by the first."""
    someone = await alice(homeserver, tmp_path, "sharing")
    async with opened(someone.first) as a:
        await a.set_up_recovery()
    await conversation(someone)
    async with opened(someone.first) as a, opened(await someone.second_device()) as second:
        asked = await second.verify(second.user_id)
        async with asyncio.TaskGroup() as both:
            both.create_task(_agree(asked))
            both.create_task(_agree(await anext(a.verification_requests())))
        state = await until(second, lambda state: state.recovery is Recovery.UNLOCKED and state.signed)
        assert state.signed
        for body in ("from Alice", "from Bob"):
            assert (await next_event(second, saying(body))).trust is Trust.UNSIGNED_DEVICE


async def _agree(verification: Verification) -> None:
    """Say yes to everything, as a person does who sees the same emoji twice."""
    async for step in verification.steps():
        if isinstance(step, Requested) and step.incoming:
            await verification.accept()
        elif isinstance(step, Compare):
            await verification.confirm()
        assert not isinstance(step, Cancelled), step
        if isinstance(step, Done):
            return


async def test_a_device_that_nobody_vouches_for_is_given_no_secret(
    homeserver: Homeserver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A stranger with the account's password asks for every secret, and is refused every one."""
    someone = await alice(homeserver, tmp_path, "stranger")
    stranger = homeserver.login(someone.login.user_id, someone.login.password)
    await enrol(
        Accounts(tmp_path / "stranger"),
        user_id=stranger.user_id,
        homeserver=homeserver.url,
        device_id=stranger.device_id,
        access_token=stranger.access_token,
    )
    async with opened(someone.first) as a, HttpTransport(homeserver.url, stranger.access_token) as thief:
        for number, name in enumerate(SecretName):
            content: dict[str, Json] = {
                "action": "request",
                "name": name.value,
                "request_id": name.value,
                "requesting_device_id": stranger.device_id,
            }
            messages: Json = {a.user_id: {a.device_id: content}}
            path = f"/_matrix/client/v3/sendToDevice/m.secret.request/{number}"
            await thief.request("PUT", path, body={"messages": messages})
        async with asyncio.timeout(30):
            # The fourth, the backup's key, is not there yet. A line of the log wakes nobody.
            while caplog.text.count("was not given") < 3:  # noqa: ASYNC110 # as the line above says
                await asyncio.sleep(0.05)
        answer = msgspec.json.decode(await thief.request("GET", "/_matrix/client/v3/sync"))
        assert not answer.get("to_device", {}).get("events")
