"""No secret is in what Python shows of a variable, in a log, in a command line or in an environment."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

import client
from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol, enrol_again
from client.session.errors import SessionError
from client.session.events import RoomCreation
from client.session.holder import served
from client.session.http_transport import HttpTransport
from client.session.login import is_logged_in, log_in
from client.session.opening import hold_session
from client.session.remote import connected_session
from client.session.rooms import RoomRequests
from client.session.secret import Secret
from client.session.session import OpenSession
from client.session.store import store_key
from client.session.store.account_store import access_token, open_account_store
from client.session.store.store_key import KeyHolder, move_store_key, read_store_key, unlock
from tests.client.session.homeserver import Homeserver, Login
from tests.client.session.people import ENCRYPTED
from tests.network.rogatory import ROGATORY
from tests.node.cli.desks import PASSPHRASE, desk_with_passphrase, logged_in

pytestmark = pytest.mark.synapse

_OURS = Path(client.__file__).parents[1]
_PACKAGES = ("client", "node", "bridge", "policies")


def shown(error: BaseException) -> str:
    """Return a traceback with the local variables of our frames, as pytest and rich show it."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in told.stack if _is_ours(frame.filename)]
    assert frames, "no frame of ours: nothing is tested"
    return str(error) + repr(error) + "".join(f"{frame.name} {frame.locals}" for frame in frames)


def _is_ours(filename: str) -> bool:
    return any(Path(filename).is_relative_to(_OURS / package) for package in _PACKAGES)


class Secrets:
    """The secrets of one account, to be looked for."""

    def __init__(self, login: Login, account: Account) -> None:
        key = read_store_key(account.folder)
        assert key is not None
        db = open_account_store(account.folder, account.user_id)
        token = access_token(db, account.user_id)
        db.close()
        raw = key.reveal()
        self.values = [login.password, PASSPHRASE, token.reveal(), raw.hex(), repr(raw)[2:-1]]

    def found_in(self, text: str) -> list[str]:
        return [value for value in self.values if value in text]


@contextlib.contextmanager
def failing() -> Iterator[list[BaseException]]:
    """Catch the error that the block must raise."""
    caught: list[BaseException] = []
    with pytest.raises(SessionError) as raised:
        yield caught
    caught.append(raised.value)


async def enrolled(homeserver: Homeserver, root: Path, localpart: str) -> tuple[Account, Secrets, Login]:
    login = homeserver.register(localpart)
    account = await enrol(
        Accounts(root),
        user_id=login.user_id,
        homeserver=homeserver.url,
        device_id=login.device_id,
        access_token=login.access_token,
        key_holder=KeyHolder.PASSPHRASE,
        passphrase=Secret(PASSPHRASE),
    )
    return account, Secrets(login, account), login


@contextlib.asynccontextmanager
async def opened(account: Account) -> AsyncIterator[OpenSession]:
    async with hold_session(account, welcome=lambda _: False) as session:
        yield session


async def test_no_traceback_with_locals_shows_a_secret(
    homeserver: Homeserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where passwords, tokens, passphrases and keys pass and something fails: no frame of ours shows them."""
    account, secrets, login = await enrolled(homeserver, tmp_path, "secrets.1")
    password, passphrase = Secret(login.password), Secret(PASSPHRASE)
    errors: list[BaseException] = []

    with failing() as caught:
        await log_in(homeserver.url, "@nobody:else", password)
    errors += caught
    with failing() as caught:
        await log_in("http://127.0.0.1:9", login.user_id, login.password)
    errors += caught
    with failing() as caught:
        await is_logged_in("http://127.0.0.1:9", Secret(login.access_token))
    errors += caught
    with failing() as caught:
        await enrol(
            Accounts(tmp_path / "other"),
            user_id=login.user_id,
            homeserver="http://127.0.0.1:9",
            device_id="OTHER",
            access_token=login.access_token,
            key_holder=KeyHolder.PASSPHRASE,
            passphrase=passphrase,
        )
    errors += caught
    elsewhere = Accounts(tmp_path).write(login.user_id, "http://127.0.0.1:9", login.device_id)
    with failing() as caught:
        await enrol_again(elsewhere, Secret(login.access_token))
    errors += caught
    Accounts(tmp_path).write(login.user_id, homeserver.url, login.device_id)
    with failing() as caught:
        async with opened(account) as session:
            await session.remove_device(login.device_id, password=login.password)
    errors += caught
    with failing() as caught:
        async with opened(account) as session:
            other = homeserver.login(login.user_id, login.password)
            secrets.values.append(f"{login.password}-wrong")
            await session.remove_device(other.device_id, password=f"{login.password}-wrong")
    errors += caught
    wrong_key = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"
    secrets.values += [wrong_key, "not the words"]
    with failing() as caught:
        async with opened(account) as session:
            await session.recover(recovery_key=wrong_key)
    errors += caught
    async with opened(account) as session:
        secrets.values.append(await session.set_up_recovery(passphrase="the words for recovery"))
        async with served(session, account.wanted_socket):
            for recover in (
                session.recover(recovery_key=wrong_key),
                session.recover(passphrase="not the words"),
                session.reset_identity(password=f"{login.password}-wrong"),
            ):
                with failing() as caught:
                    await recover
                errors += caught
            async with connected_session(account.user_id, account.wanted_socket) as remote:
                with failing() as caught:
                    await remote.recover(recovery_key=wrong_key)
                errors += caught
    with failing() as caught:
        move_store_key(account.folder, account.user_id, KeyHolder.PASSPHRASE, Secret("short"))
    errors += caught
    (account.folder / "store.db").write_bytes(b"x" * 5000)
    with failing() as caught:
        open_account_store(account.folder, account.user_id)
    errors += caught
    monkeypatch.setattr(store_key, "_unwrapped", {})
    with failing() as caught:
        unlock(account.folder, Secret(f"{PASSPHRASE}, wrong"))
    errors += caught
    with failing() as caught:
        open_account_store(account.folder, account.user_id)
    errors += caught

    assert len(errors) == 16
    for error in errors:
        assert secrets.found_in(shown(error)) == [], (type(error), str(error))


async def test_no_log_at_debug_level_shows_a_secret(
    homeserver: Homeserver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Login, enrolment, a session that sends, recovery: with all loggers at DEBUG no secret is logged."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    login = homeserver.register("secrets.2")
    logged = await log_in(homeserver.url, login.user_id, login.password)
    account = await enrol(
        Accounts(tmp_path),
        user_id=login.user_id,
        homeserver=homeserver.url,
        device_id=logged.device_id,
        access_token=logged.access_token,
        key_holder=KeyHolder.PASSPHRASE,
        passphrase=Secret(PASSPHRASE),
    )
    secrets = Secrets(login, account)
    async with HttpTransport(homeserver.url, logged.access_token) as transport:
        room_id = await RoomRequests(transport).create_room(RoomCreation(initial_state=ENCRYPTED))
    async with opened(account) as session:
        await session.send(room_id, {"msgtype": "m.text", "body": "canary-body-7f3a"})
        recovery_key = await session.set_up_recovery()
        await session.recover(recovery_key=recovery_key)
        await session.devices()
    secrets.values += [recovery_key, "canary-body-7f3a"]
    assert caplog.records, "nothing was logged: nothing is tested"
    assert secrets.found_in(caplog.text) == []


def test_no_command_line_and_no_environment_holds_a_secret(homeserver: Homeserver, tmp_path: Path) -> None:
    """Of the processes that a person starts, and of theirs, /proc shows names of files and no secret."""
    desk = desk_with_passphrase(tmp_path)
    login = logged_in(desk, homeserver, "secrets.3")
    [account] = Accounts(desk.home / "accounts").all()
    unlock(account.folder, Secret(PASSPHRASE))
    secrets = Secrets(login, account)
    for arguments, stdin in (
        (["login", login.user_id], f"{login.password}\n"),
        (["listen"], ""),
        (["devices", "--remove", "NOBODY"], f"{login.password}\n"),
        (["store-key", "--passphrase", "--new-passphrase-file", str(tmp_path / "passphrase")], ""),
    ):
        with subprocess.Popen(
            [ROGATORY, *arguments],
            env=desk.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.close()
            looked = 0
            while process.poll() is None and looked < 200:
                for each in (psutil.Process(process.pid), *_children(process.pid)):
                    assert secrets.found_in(_in_proc(each.pid)) == []
                looked += 1
            process.terminate()
        assert looked


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _in_proc(pid: int) -> str:
    text = ""
    for name in ("cmdline", "environ"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            text += Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
    return text
