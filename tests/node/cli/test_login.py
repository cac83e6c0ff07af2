"""`rogatory login` as a newcomer meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.client.session.homeserver import Homeserver, call, free_port
from tests.network.rogatory import ROGATORY, Rogatory
from tests.network.terminal import Terminal
from tests.node.cli.desks import (
    PASSPHRASE,
    account_folder,
    desk_with_keyring,
    desk_with_passphrase,
    logged_in,
    room_of,
)

pytestmark = pytest.mark.synapse


def devices(homeserver: Homeserver, user_id: str, password: str) -> list[str]:
    """Return the devices of an account, without the one that asks."""
    asking = homeserver.login(user_id, password)
    answer = call(homeserver.url, "GET", "/_matrix/client/v3/devices", token=asking.access_token)["devices"]
    assert isinstance(answer, list)
    call(homeserver.url, "POST", "/_matrix/client/v3/logout", {}, token=asking.access_token)
    return [device["device_id"] for device in answer if device["device_id"] != asking.device_id]


def refused(desk: Rogatory, *arguments: str, stdin: str = "", expect: int = 1) -> str:
    """Run a verb that must fail with what, why and what to do, and return what it said."""
    said = desk.run(*arguments, stdin=stdin, expect=expect).stderr
    assert "why: " in said
    assert "do: " in said
    assert "Traceback" not in said
    return said


def test_where_there_is_a_keyring_it_holds_the_key(homeserver: Homeserver, tmp_path: Path) -> None:
    """`login` takes the keyring, says so, and leaves nothing else in it; nobody is asked for a passphrase."""
    login = homeserver.register("keyring.1")
    desk = desk_with_keyring(tmp_path)
    said = desk.run("login", login.user_id, "--homeserver", homeserver.url, stdin=f"{login.password}\n")
    assert "keyring holds the key" in said.stdout
    assert len(json.loads((tmp_path / "keyring.json").read_text())) == 1
    assert desk.json("rooms") == {"rooms": []}
    assert desk.json("store-key") == {"user_id": login.user_id, "store_key": "keyring"}


def test_without_a_keyring_a_passphrase_does(homeserver: Homeserver, tmp_path: Path) -> None:
    """The passphrase comes from the file that is named; a wrong one is refused by every verb."""
    desk = desk_with_passphrase(tmp_path)
    logged_in(desk, homeserver, "passphrase.1")
    assert desk.json("rooms") == {"rooms": []}
    wrong = desk_with_passphrase(tmp_path / "wrong", "another one, and wrong")
    wrong.home = desk.home
    for verb in (
        ["rooms"],
        ["send", "x", "y"],
        ["listen"],
        ["devices"],
        ["store-key", "--passphrase"],
        ["logout"],
    ):
        assert "passphrase does not open" in refused(wrong, *verb, expect=3)
    assert desk.json("rooms") == {"rooms": []}


def test_the_passphrase_is_asked_for_twice_and_then_each_time(homeserver: Homeserver, tmp_path: Path) -> None:
    """On a terminal: too short is refused, the second must be the first, nothing that is typed is shown."""
    login = homeserver.register("typed.1")
    before = devices(homeserver, login.user_id, login.password)
    environment = Rogatory(
        tmp_path / "home", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring"
    ).environment
    command = [ROGATORY, "login", login.user_id, "--homeserver", homeserver.url]
    with Terminal(command, environment) as terminal:
        terminal.wait_for("Password of")
        terminal.type(f"{login.password}\n")
        terminal.wait_for("Choose a passphrase", "New passphrase:")
        terminal.type("short\n")
        assert "too easy to guess" in terminal.wait_for("do:")
    assert devices(homeserver, login.user_id, login.password) == before
    with Terminal(command, environment) as terminal:
        terminal.wait_for("Password of")
        terminal.type(f"{login.password}\n")
        terminal.wait_for("New passphrase:")
        terminal.type(f"{PASSPHRASE}\n")
        terminal.wait_for("once more:")
        terminal.type(f"{PASSPHRASE}\n")
        screen = terminal.wait_for("A passphrase holds the key")
        assert PASSPHRASE not in screen
        assert login.password not in screen
    with Terminal([ROGATORY, "rooms"], environment) as terminal:
        terminal.wait_for("Passphrase of the store")
        terminal.type("not the right one\n")
        terminal.wait_for(
            "Try again.\nPassphrase of the store"
        )  # what is typed before a prompt is thrown away
        terminal.type(f"{PASSPHRASE}\n")
        assert terminal.wait_ended() == 0
    with Terminal([ROGATORY, "chat"], environment) as terminal:
        terminal.wait_for("Passphrase of the store")
        terminal.type(f"{PASSPHRASE}\n")
        assert PASSPHRASE not in terminal.wait_for("live")


def test_without_a_terminal_the_passphrase_must_be_in_a_file(homeserver: Homeserver, tmp_path: Path) -> None:
    """Neither keyring nor terminal nor file: `login` names the variable, and leaves no device behind."""
    login = homeserver.register("nobody.1")
    before = devices(homeserver, login.user_id, login.password)
    desk = Rogatory(tmp_path / "home", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    arguments = ("login", login.user_id, "--homeserver", homeserver.url)
    assert "ROGATORY_PASSPHRASE_FILE" in refused(desk, *arguments, stdin=f"{login.password}\n")
    assert devices(homeserver, login.user_id, login.password) == before
    assert list((desk.home / "accounts").iterdir()) == []


def test_what_a_newcomer_gets_wrong_is_named(homeserver: Homeserver, tmp_path: Path) -> None:
    """Password, address, server and user id: each has its own words, and no try leaves anything behind."""
    login = homeserver.register("newcomer.1")
    desk, stdin = desk_with_keyring(tmp_path), f"{login.password}\n"
    host = homeserver.url.removeprefix("http://")

    def tried(user: str, url: str, expect: int, stdin: str = stdin) -> str:
        return refused(desk, "login", user, "--homeserver", url, stdin=stdin, expect=expect)

    assert "do not fit" in tried(login.user_id, homeserver.url, 3, "wrong\n")
    assert "cannot be reached" in tried(login.user_id, f"http://127.0.0.1:{free_port()}", 1)
    assert "must not travel unencrypted" in tried(login.user_id, "http://homeserver.example", 1)
    assert "no address" in tried(login.user_id, "https://[::1", 1)
    assert "No Matrix homeserver" in tried(login.user_id, f"{homeserver.url}/elsewhere", 1)
    assert "no user id" in desk.run("login", "@newcomer", "--homeserver", host, expect=2).stderr
    assert "no user id" in desk.run("login", "a:b", "--homeserver", host, expect=2).stderr
    assert "--homeserver" in desk.run("login", login.user_id, stdin=stdin, expect=2).stderr
    assert list((desk.home / "accounts").iterdir()) == []
    assert json.loads((tmp_path / "keyring.json").read_text()) == {}
    assert desk.run("login", "newcomer.1", "--homeserver", host, stdin=stdin).returncode == 0
    assert desk.json("rooms") == {"rooms": []}


def test_logging_in_twice_changes_nothing(homeserver: Homeserver, tmp_path: Path) -> None:
    """A second `login` of an account that is logged in here asks for nothing and makes no second device."""
    desk = desk_with_keyring(tmp_path)
    login = logged_in(desk, homeserver, "twice.1")
    before = devices(homeserver, login.user_id, login.password)
    again = desk.json("login", login.user_id)
    assert [again["device_id"]] == before == devices(homeserver, login.user_id, login.password)


@pytest.mark.parametrize("ended", ["token", "password"])
def test_a_device_that_was_logged_out_goes_on_with_its_store(
    homeserver: Homeserver, tmp_path: Path, ended: str
) -> None:
    """Revoked, or ended by a new password: verbs say so and read on; `login` takes up the device as it is."""
    desk, other = desk_with_keyring(tmp_path / "a"), desk_with_passphrase(tmp_path / "b")
    login, peer = logged_in(desk, homeserver, f"ended.{ended}"), logged_in(other, homeserver, f"peer.{ended}")
    room_id = room_of(homeserver, login, peer)
    other.run("rooms", "--join", room_id)
    other.run("send", room_id, "before")
    desk.listen(login.user_id, lambda event: event["body"] == "before")
    [device] = devices(homeserver, login.user_id, login.password)
    password = end_the_login(homeserver, login.user_id, login.password, device, ended)

    said = desk.run("rooms")
    assert room_id in said.stdout
    assert "is logged out on this device" in said.stderr
    assert "rogatory login" in refused(desk, "send", room_id, "meanwhile", expect=3)
    assert "is logged out on this device" in refused(desk, "listen", expect=3)

    arguments = ("login", login.user_id)
    assert "do not fit" in refused(desk, *arguments, stdin="wrong\n", expect=3)
    assert "store that is here" in desk.run(*arguments, stdin=f"{password}\n").stdout
    assert devices(homeserver, login.user_id, password) == [device]
    other.run("send", room_id, "for the same device")
    seen = desk.listen(login.user_id, lambda event: event["body"] == "for the same device")
    assert seen[-1]["trust"] == "pinned"
    desk.run("send", room_id, "after")
    bodies = other.listen(peer.user_id, lambda event: event["body"] == "after")
    assert [event["body"] for event in bodies if event["body"]] == ["before", "for the same device", "after"]
    assert {event["trust"] for event in bodies if event["sender"] == login.user_id} == {"pinned"}


def end_the_login(homeserver: Homeserver, user_id: str, password: str, device: str, how: str) -> str:
    """End a device's login from elsewhere, and return the account's password from now on."""
    asking = homeserver.login(user_id, password)
    auth = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user_id},
        "password": password,
    }
    if how == "token":
        path, body = "/_matrix/client/v3/delete_devices", {"devices": [device], "auth": auth}
    else:
        path, body = "/_matrix/client/v3/account/password", {"new_password": f"{password}2", "auth": auth}
    call(homeserver.url, "POST", path, body, token=asking.access_token)
    call(homeserver.url, "POST", "/_matrix/client/v3/logout", {}, token=asking.access_token)
    return password if how == "token" else f"{password}2"


def test_a_closed_account_stays_readable(homeserver: Homeserver, tmp_path: Path) -> None:
    """Deactivated elsewhere: rooms are still listed, sending and listening say why they cannot go on."""
    desk = desk_with_keyring(tmp_path)
    login = logged_in(desk, homeserver, "closed.1")
    room_id = room_of(homeserver, login)
    desk.run("rooms")
    asking = homeserver.login(login.user_id, login.password)
    auth = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": login.user_id},
        "password": login.password,
    }
    call(
        homeserver.url,
        "POST",
        "/_matrix/client/v3/account/deactivate",
        {"auth": auth},
        token=asking.access_token,
    )
    assert room_id in desk.run("rooms").stdout
    assert "account was closed" in refused(desk, "send", room_id, "x", expect=3)
    assert "do not fit, or the account is disabled" in refused(
        desk, "login", login.user_id, stdin=f"{login.password}\n", expect=3
    )
    assert (account_folder(desk) / "store.db").is_file()
