"""`rogatory logout`, `devices` and `store-key` as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from client.session.local.local_socket import socket_path
from tests.client.session.homeserver import Homeserver
from tests.network.rogatory import Rogatory, eventually
from tests.node.cli.desks import (
    PASSPHRASE,
    account_folder,
    desk_with_keyring,
    desk_with_passphrase,
    logged_in,
    room_of,
)
from tests.node.cli.test_login import devices, refused

pytestmark = pytest.mark.synapse


def test_logout_is_refused_while_something_would_be_lost(homeserver: Homeserver, tmp_path: Path) -> None:
    """Without recovery it is refused and all stays; with it, device, store, key and folder are gone."""
    desk = desk_with_keyring(tmp_path)
    login = logged_in(desk, homeserver, "logout.1")
    room_id = room_of(homeserver, login)
    desk.run("send", room_id, "to be kept")
    assert "recover --setup" in refused(desk, "logout", expect=3)
    assert len(devices(homeserver, login.user_id, login.password)) == 1
    assert desk.json("rooms")["rooms"]
    desk.run("recover", "--setup")
    assert "logged out" in desk.run("logout").stdout
    assert devices(homeserver, login.user_id, login.password) == []
    assert list((desk.home / "accounts").iterdir()) == []
    assert json.loads((tmp_path / "keyring.json").read_text()) == {}
    assert "rogatory login" in refused(desk, "rooms", expect=2)
    desk.run("login", login.user_id, "--homeserver", homeserver.url, stdin=f"{login.password}\n")
    assert desk.json("recover", "--status")["recovery"] == "locked"


def test_logout_loses_history_only_when_told_to(homeserver: Homeserver, tmp_path: Path) -> None:
    """--lose-history ends the device all the same; but the homeserver must be told, or nothing is done."""
    desk = desk_with_passphrase(tmp_path)
    login = logged_in(desk, homeserver, "logout.2")
    account = account_folder(desk) / "account.toml"
    good = account.read_text()
    account.write_text(good.replace(homeserver.url, "http://127.0.0.1:9"))
    assert "cannot be reached" in refused(desk, "logout", "--lose-history")
    account.write_text(good)
    assert desk.json("logout", "--lose-history")["user_id"] == login.user_id
    assert devices(homeserver, login.user_id, login.password) == []
    assert list((desk.home / "accounts").iterdir()) == []


def test_a_store_that_cannot_be_opened_can_still_be_removed(homeserver: Homeserver, tmp_path: Path) -> None:
    """A damaged store names the way out; it removes everything here and leaves the device on the server."""
    desk = desk_with_keyring(tmp_path)
    login = logged_in(desk, homeserver, "logout.3")
    (account_folder(desk) / "store.db").write_bytes(b"")
    said = refused(desk, "rooms")
    assert "logout --here-only --lose-history" in said
    desk.run("logout", "--here-only", "--lose-history")
    assert len(devices(homeserver, login.user_id, login.password)) == 1
    assert list((desk.home / "accounts").iterdir()) == []
    desk.run("login", login.user_id, "--homeserver", homeserver.url, stdin=f"{login.password}\n")


def test_logout_waits_for_nobody_who_holds_the_store(homeserver: Homeserver, tmp_path: Path) -> None:
    """While another process holds the session, `logout` and `store-key` are refused with its process id."""
    desk = desk_with_keyring(tmp_path)
    logged_in(desk, homeserver, "logout.4")
    with desk.running("listen") as process:
        eventually(lambda: answers(desk), "the session is held")
        for verb in (["logout", "--lose-history"], ["store-key", "--keyring"]):
            assert str(process.pid) in refused(desk, *verb)
    assert desk.json("rooms") == {"rooms": []}


_KILLED = """
import os, signal, sys
steps = int(sys.argv.pop(1))
def count(event, arguments):
    global steps
    if event in ("os.remove", "os.rename", "os.rmdir") and "accounts" in str(arguments[0]):
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        steps -= 1
sys.addaudithook(count)
from node.cli.main import main
main()
"""


def test_killed_at_any_step_logout_goes_on(homeserver: Homeserver, tmp_path: Path) -> None:
    """kill -9 at each removal in turn: run again, `logout` ends with nothing left, here or on the server."""
    steps = 0
    while True:
        desk = desk_with_keyring(tmp_path / str(steps))
        login = logged_in(desk, homeserver, f"killed.{steps}")
        killed = subprocess.run(
            [sys.executable, "-c", _KILLED, str(steps), "logout", "--lose-history"],
            env=desk.environment,
            capture_output=True,
            check=False,
            timeout=120,
        )
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        if any((desk.home / "accounts").iterdir()):
            desk.run("logout", "--lose-history", expect=0 if _has_account(desk) else 2)
        assert devices(homeserver, login.user_id, login.password) == []
        left = [path.name for path in (desk.home / "accounts").rglob("*") if path.is_file()]
        assert set(left) <= {"lock", "leaving"}
        assert json.loads((tmp_path / str(steps) / "keyring.json").read_text()) == {}
        steps += 2  # every other one: each costs a login
    assert steps > 4


def answers(desk: Rogatory) -> bool:
    """Tell whether a process at the desk answers for the session that it holds."""
    return socket_path(account_folder(desk) / "session.sock").exists()


def _has_account(desk: Rogatory) -> bool:
    return bool(list((desk.home / "accounts").glob("*/account.toml")))


def test_devices_are_listed_named_and_removed(homeserver: Homeserver, tmp_path: Path) -> None:
    """Of two devices this one is marked, and only the first is cross-signed; the other is named and ended."""
    first, second = desk_with_keyring(tmp_path / "a"), desk_with_keyring(tmp_path / "b")
    login = logged_in(first, homeserver, "devices.1")
    second.run("login", login.user_id, "--homeserver", homeserver.url, stdin=f"{login.password}\n")
    shown = first.json("devices")["devices"]
    assert [(each["is_this"], each["cross_signed"]) for each in shown] == [(True, True), (False, False)]
    assert all(each["last_seen_at"] > 0 and each["name"] == "Rogatory" for each in shown)
    this, other = (each["device_id"] for each in shown)
    text = first.run("devices", "--rename", other, "Hotel \x1b[31m desk").stdout
    assert "(this device)" in next(line for line in text.splitlines() if line.startswith(this))
    assert "NOT cross-signed" in next(line for line in text.splitlines() if line.startswith(other))
    assert "\x1b" not in text
    assert second.json("devices")["devices"][0]["name"] == "Hotel \x1b[31m desk"
    assert "no device 'NOWHERE'" in refused(first, "devices", "--rename", "NOWHERE", "x", expect=2)
    assert "no device 'NOWHERE'" in refused(
        first, "devices", "--remove", "NOWHERE", stdin=f"{login.password}\n", expect=2
    )
    assert "rogatory logout" in refused(first, "devices", "--remove", this, stdin=f"{login.password}\n")
    assert "password is not" in refused(first, "devices", "--remove", other, stdin="wrong\n", expect=3)
    assert len(first.json("devices")["devices"]) == 2
    with first.running("listen"):  # and through the process that holds the session
        eventually(lambda: answers(first), "the session is held")
        left = first.run("devices", "--remove", other, "--json", stdin=f"{login.password}\n").stdout
    assert [each["device_id"] for each in json.loads(left)["devices"]] == [this]
    assert "is logged out on this device" in second.run("rooms").stderr


def test_the_key_of_the_store_changes_hands(homeserver: Homeserver, tmp_path: Path) -> None:
    """From the keyring to a passphrase, to another one, and back: each time only the last holder opens it."""
    desk = desk_with_keyring(tmp_path)
    logged_in(desk, homeserver, "hands.1")
    file, new = tmp_path / "passphrase", tmp_path / "new"
    for path, words in ((file, PASSPHRASE), (new, "vier Woerter ohne Bezug")):
        path.touch(0o600)
        path.write_text(f"{words}\n")
    assert desk.json("store-key")["store_key"] == "keyring"
    assert "too easy" in _with_file(desk, file, "short", "store-key", "--passphrase", expect=2)
    assert "A passphrase holds" in _with_file(desk, file, PASSPHRASE, "store-key", "--passphrase")
    assert json.loads((tmp_path / "keyring.json").read_text()) == {}
    assert "ROGATORY_PASSPHRASE_FILE" in refused(desk, "rooms")
    _with_file(desk, file, PASSPHRASE, "store-key", "--passphrase", "--new-passphrase-file", str(new))
    assert "does not open" in _with_file(desk, file, PASSPHRASE, "rooms", expect=3)
    _with_file(desk, file, new.read_text().strip(), "store-key", "--keyring")
    assert desk.json("rooms") == {"rooms": []}
    assert desk.json("store-key")["store_key"] == "keyring"


def _with_file(desk: Rogatory, file: Path, words: str, *arguments: str, expect: int = 0) -> str:
    file.write_text(f"{words}\n")
    os.environ["ROGATORY_PASSPHRASE_FILE"] = str(file)
    try:
        done = desk.run(*arguments, expect=expect)
    finally:
        del os.environ["ROGATORY_PASSPHRASE_FILE"]
    return done.stdout + done.stderr
