"""`rogatory recover` as a person runs it, on two machines with one account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from node.home import open_home
from tests.client.session.homeserver import Homeserver, Login, running_synapse
from tests.network.rogatory import Rogatory


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


def machine(homeserver: Homeserver, login: Login, home: Path) -> tuple[Rogatory, Account]:
    """A machine on which the account is logged in, its store's key in a file."""
    account = asyncio.run(
        enrol(
            Accounts(open_home(home, create=True).accounts),
            user_id=login.user_id,
            homeserver=homeserver.url,
            device_id=login.device_id,
            access_token=login.access_token,
        )
    )
    return Rogatory(home), account


@pytest.mark.synapse
def test_one_machine_sets_recovery_up_and_another_comes_back(homeserver: Homeserver, tmp_path: Path) -> None:
    """The key is printed once on standard output; given in a file it unlocks, and a wrong one does not."""
    login = homeserver.register("cli.alice")
    first, _ = machine(homeserver, login, tmp_path / "first")
    assert first.json("recover", "--status")["recovery"] == "not-set-up"
    done = first.run("recover", "--setup")
    key = done.stdout.strip()
    assert [len(group) for group in key.split(" ")] == [4] * 12
    assert key not in done.stderr
    assert "is set up already" in first.run("recover", "--setup", expect=1).stderr
    again = homeserver.login(login.user_id, login.password)
    second, account = machine(homeserver, again, tmp_path / "second")
    state = second.json("recover", "--status")
    assert (state["recovery"], state["signed"]) == ("locked", False)
    file = tmp_path / "key"
    file.write_text(key.replace("E", "F", 1))
    refused = second.run("recover", "--key-file", str(file), expect=3)
    assert "not a recovery key" in refused.stderr
    assert key[5:] not in refused.stderr
    file.write_text(f"{key}\n")
    state = second.json("recover", "--key-file", str(file))
    assert (state["recovery"], state["signed"]) == ("unlocked", True)
    new = second.json("recover", "--setup", "--replace")["recovery_key"]
    assert new != key
    assert "do not open" in first.run("recover", "--key-file", str(file), expect=3).stderr
    for path in [*first.home.rglob("*"), *second.home.rglob("*")]:
        if path.is_file():
            assert key.split(" ")[3].encode() + b" " + key.split(" ")[4].encode() not in path.read_bytes()
    assert account.device_id != login.device_id


@pytest.mark.synapse
def test_a_reset_says_what_it_means_and_asks(homeserver: Homeserver, tmp_path: Path) -> None:
    """Refused by a no; with a yes and the password it gives a new key, and the old one opens nothing."""
    login = homeserver.register("cli.reset")
    first, _ = machine(homeserver, login, tmp_path / "first")
    old = first.json("recover", "--setup")["recovery_key"]
    asked = first.run("recover", "--reset", stdin="n\n", expect=130)
    assert "Everyone who knows the old one is warned" in asked.stderr
    assert first.run("recover", "--reset", stdin="y\nwrong\n", expect=3).stdout == ""
    new = first.run("recover", "--reset", "--yes", stdin=f"{login.password}\n").stdout.strip()
    assert new not in ("", old)
    assert first.json("recover", "--status")["recovery"] == "unlocked"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--setup", "--status"],
        ["--replace"],
        ["--key-file", "pyproject.toml", "--setup"],
        ["--key-file", "pyproject.toml", "--passphrase-file", "pyproject.toml"],
    ],
)
def test_it_does_one_thing_at_a_time(tmp_path: Path, arguments: list[str]) -> None:
    """Nothing, two things at once, or a key where one is made: wrong usage, before anything is opened."""
    said = Rogatory(tmp_path / "none").run("recover", *arguments, expect=2).stderr
    assert "--setup" in said or "--key-file" in said
