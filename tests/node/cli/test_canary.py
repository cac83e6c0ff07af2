"""A canary that is sent, received, drafted, searched for or attached is in clear in no file."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.session.homeserver import Homeserver, call
from tests.network.rogatory import ROGATORY, Rogatory, eventually
from tests.network.terminal import Terminal
from tests.node.cli.canary import (
    ANSWER,
    BODY,
    CAPTION,
    DEVICE_NAME,
    DISPLAY_NAME,
    DRAFT,
    FILE_NAME,
    FILE_TEXT,
    ROOM_NAME,
    SOUGHT_IN_VAIN,
    WatchedDesk,
    found_by_grep,
    spellings,
)
from tests.node.cli.desks import account_folder, logged_in, room_of
from tests.node.cli.stalling_relay import stalling_relay

PAGE = f"{FILE_TEXT}\n".encode()


@pytest.mark.parametrize("number", range(7))
def test_grep_finds_each_spelling(number: int, tmp_path: Path) -> None:
    """What the tests below look with sees a canary among bytes in each of its spellings, and in a name."""
    (tmp_path / "log").write_bytes(b"\xff\x00" + spellings(f"a{BODY}b")[number] + b"\x00\xfe")
    assert found_by_grep(tmp_path) == str(tmp_path / "log")
    (tmp_path / "log").rename(tmp_path / FILE_NAME)
    (tmp_path / FILE_NAME).write_bytes(b"")
    assert found_by_grep(tmp_path) == str(tmp_path / FILE_NAME)


@pytest.mark.synapse
@pytest.mark.parametrize("passphrase", [False, True], ids=["keyring", "passphrase"])
def test_no_canary_is_in_a_file_before_or_after_kill_9(
    homeserver: Homeserver, tmp_path: Path, passphrase: bool
) -> None:
    """Body, names of room, person and device, draft: sent, received, searched for, killed; none is found."""
    desk = WatchedDesk(tmp_path / "desk", passphrase=passphrase)
    other = WatchedDesk(tmp_path / "other")
    kind = "passphrase" if passphrase else "keyring"
    login = logged_in(desk.rogatory, homeserver, f"canary.{kind}")
    peer = logged_in(other.rogatory, homeserver, f"canary.peer.{kind}")
    name_the_person(homeserver, peer.user_id, peer.password)
    room_id = room_of(homeserver, login, peer, name=ROOM_NAME)
    other.rogatory.run("rooms", "--join", room_id)
    desk.rogatory.run(
        "devices", "--rename", desk.rogatory.json("devices")["devices"][0]["device_id"], DEVICE_NAME
    )
    assert ROOM_NAME in desk.rogatory.run("rooms").stdout

    # Sent, while the process dies with the message perhaps sent and perhaps not.
    killed_once_it_writes(desk, "send", room_id, BODY)
    desk.rogatory.run("send", room_id, BODY)
    desk.is_clean()

    # Received, and answered.
    with other.killed_while_listening(BODY):
        other.rogatory.run("send", room_id, ANSWER)
    with desk.killed_while_listening(ANSWER):
        pass

    # Searched for: by itself, killed with the store open, and through the process that holds the store.
    assert hits(desk, BODY) >= 1
    desk.is_clean()
    killed_once_it_writes(desk, "search", BODY)
    killed_once_it_writes(desk, "search", SOUGHT_IN_VAIN)
    desk.rogatory.run("send", room_id, "what ends the wait")
    with other.killed_while_listening("what ends the wait"):
        assert hits(other, ANSWER) == 1
        assert hits(other, f'"{BODY}" in:"{ROOM_NAME}"') >= 1
        assert hits(other, SOUGHT_IN_VAIN) == 0

    # Drafted, on the screen, and killed there.
    with Terminal([ROGATORY, "chat"], desk.rogatory.environment) as terminal:
        shown = terminal.wait_for(ROOM_NAME, "live", ANSWER).count(ROOM_NAME)
        terminal.type("\x0b")
        terminal.wait_for("Part of a room's name")
        terminal.type(ROOM_NAME)
        terminal.wait_until(lambda text: text.count(ROOM_NAME) > shown, "what is typed is there")
        terminal.type("\r")
        terminal.wait_until(lambda text: text.count(ROOM_NAME) == shown, "one is back in the room")
        terminal.type(DRAFT)
        terminal.wait_for(DRAFT)
        desk.is_clean()
        terminal.process.kill()
        terminal.process.wait()
    desk.is_clean()

    stored = everything_stored(desk.rogatory)  # else nothing would be tested
    assert all(canary in stored for canary in (BODY, ANSWER, ROOM_NAME, DISPLAY_NAME))


@pytest.mark.synapse
def test_no_canary_of_a_file_is_in_a_home_before_or_after_kill_9(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """A file's name, text and caption: sent and saved, killed in the middle of either; none is found."""
    file, saved = tmp_path / "papers" / FILE_NAME, tmp_path / "saved"
    file.parent.mkdir()
    saved.mkdir()
    desk, other = WatchedDesk(tmp_path / "desk"), WatchedDesk(tmp_path / "other")
    with stalling_relay(homeserver.url, after=10_000_000) as relay:
        login = logged_in(desk.rogatory, dataclasses.replace(homeserver, url=relay), "canary.file")
        peer = logged_in(other.rogatory, homeserver, "canary.file.peer")
        room_id = room_of(homeserver, login, peer)
        other.rogatory.run("rooms", "--join", room_id)
        first, second = sent_in_every_way(desk, room_id, file)
        with other.killed_while_listening(CAPTION):
            pass
        desk.rogatory.run("send", room_id, "what ends the wait")
    waits_until_killed(desk, room_id, file)
    saved_in_every_way(other, room_id, first, second, saved)
    assert (saved / FILE_NAME).read_bytes() == file.read_bytes()
    assert [path.name for path in saved.iterdir()] == [FILE_NAME]
    stored = everything_stored(other.rogatory)  # else nothing would be tested
    assert all(canary in stored for canary in (FILE_NAME, CAPTION))


def sent_in_every_way(desk: WatchedDesk, room_id: str, file: Path) -> tuple[str, str]:
    """Send a file, killed in the middle, by itself, and through the holder of the store; return two ids."""
    send = ("send", room_id, "--file", str(file), CAPTION)
    file.write_bytes(PAGE * (40_000_000 // len(PAGE)))  # more than the relay lets through: it stands still
    with Terminal([ROGATORY, *send], desk.rogatory.environment) as terminal:
        terminal.wait_for(f"Sending {FILE_NAME}: 1", " of 40 MB")
        desk.is_clean()
        terminal.process.kill()
        terminal.process.wait()
    desk.is_clean()
    file.write_bytes(PAGE * (6_000_000 // len(PAGE)))
    first = desk.rogatory.json(*send)["event_id"]
    desk.is_clean()
    with desk.killed_while_listening(CAPTION):
        second = desk.rogatory.json(*send)["event_id"]
    return first, second


def waits_until_killed(desk: WatchedDesk, room_id: str, file: Path) -> None:
    """Send a file to a homeserver that cannot be reached any more, and kill -9 once it is kept."""
    send = [ROGATORY, "send", room_id, "--file", str(file), CAPTION]
    folder = account_folder(desk.rogatory) / "outgoing"
    sending = subprocess.Popen(send, env=desk.rogatory.environment, stderr=subprocess.DEVNULL)
    eventually(
        lambda: [path.stat().st_size for path in folder.glob("*")] == [file.stat().st_size], "it is kept"
    )
    desk.is_clean()
    sending.kill()
    assert sending.wait() != 0
    desk.is_clean()
    assert len(list(folder.iterdir())) == 1  # else nothing would be tested


def saved_in_every_way(desk: WatchedDesk, room_id: str, first: str, second: str, folder: Path) -> None:
    """Save two files over each other: killed while it writes, by itself, and through the store's holder."""
    save = ("save", room_id, first, "--replace", "--to", str(folder))
    saving = subprocess.Popen([ROGATORY, *save], env=desk.rogatory.environment, stdout=subprocess.DEVNULL)
    eventually(lambda: bool(list(folder.iterdir())), "it writes")
    saving.kill()
    assert saving.wait() != 0
    desk.is_clean()
    desk.rogatory.run(*save)
    desk.is_clean()
    (folder / FILE_NAME).unlink()
    with desk.killed_while_listening("what ends the wait"):
        desk.rogatory.run("save", room_id, second, "--to", str(folder))
        assert hits(desk, CAPTION) == 2


def killed_once_it_writes(desk: WatchedDesk, *verb: str) -> None:
    """Run a verb, kill -9 once it has the store open or is done, and look."""
    wal = account_folder(desk.rogatory) / "store.db-wal"
    desk.rogatory.run("rooms")  # what is closed in good order has no such file
    assert not wal.exists()
    process = subprocess.Popen(
        [ROGATORY, *verb],
        env=desk.rogatory.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: wal.exists() or process.poll() is not None, "it writes")
    process.kill()
    process.wait()
    desk.is_clean()


def hits(desk: WatchedDesk, query: str) -> int:
    return len(desk.rogatory.json("search", query)["hits"])


def name_the_person(homeserver: Homeserver, user_id: str, password: str) -> None:
    token = homeserver.login(user_id, password).access_token
    path = f"/_matrix/client/v3/profile/{user_id}/displayname"
    call(homeserver.url, "PUT", path, {"displayname": DISPLAY_NAME}, token=token)
    call(homeserver.url, "POST", "/_matrix/client/v3/logout", {}, token=token)


def everything_stored(desk: Rogatory) -> str:
    """Return what the desk's store holds of events and rooms, once it is opened."""
    program = (
        "import json, sys\nfrom pathlib import Path\n"
        "from client.session.accounts import Accounts\n"
        "from client.session.store.account_store import open_account_store\n"
        "from node.cli.secrets import unlock_store\n"
        "[account] = Accounts(Path(sys.argv[1]) / 'accounts').all()\nunlock_store(account)\n"
        "db = open_account_store(account.folder, account.user_id)\n"
        "for table in ('events', 'room_state'):\n"
        "    print(list(db.query(f'SELECT content FROM {table}')))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, str(desk.home)],
        env=desk.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
