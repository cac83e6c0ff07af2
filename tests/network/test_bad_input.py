"""What `rogatory up` says when something is in its way, and how it goes on afterwards."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.conftest import processes_of
from tests.network.rogatory import ROGATORY, Rogatory

SMALL = ("up", "--regions", "africa")


def refused(rogatory: Rogatory, *arguments: str, exit_code: int) -> str:
    """Run a verb that must fail, and return what it said: what, why and what to do, and no traceback."""
    said = rogatory.run(*arguments, expect=exit_code).stderr
    assert said.count("rogatory: ") == 1
    assert "why: " in said
    assert "do: " in said
    assert "Traceback" not in said
    return said


def test_an_unknown_region_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt region is refused as wrong usage, naming the nearest, before anything is made."""
    said = refused(Rogatory(tmp_path / "home"), "up", "--regions", "afrika", exit_code=2)
    assert "'africa'" in said
    assert not (tmp_path / "home" / "nodes").exists() or not any((tmp_path / "home" / "nodes").iterdir())


def test_a_home_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """A home that a newer version laid out is refused, and nothing in it is touched."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "home.toml").write_text("layout = 99\n")
    said = refused(Rogatory(home), "up", exit_code=1)
    assert "newer version" in said
    assert [path.name for path in home.iterdir()] == ["home.toml"]


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A home whose place is taken by a file is refused, naming it."""
    (tmp_path / "file").write_text("")
    said = refused(Rogatory(tmp_path / "file" / "home"), "up", exit_code=1)
    assert str(tmp_path / "file" / "home") in said


def test_a_folder_of_other_files_is_no_home(tmp_path: Path) -> None:
    """A folder that holds something else is not taken for a home."""
    (tmp_path / "letter.txt").write_text("private")
    said = refused(Rogatory(tmp_path), "up", exit_code=1)
    assert "holds other files" in said
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rogatory]:
    rogatory = Rogatory(tmp_path_factory.mktemp("small") / "home")
    try:
        yield rogatory
    finally:
        rogatory.run("down")
        assert processes_of(rogatory.home) == []


@pytest.mark.synapse
class TestSmallNetwork:
    """One network of two nodes, broken in one way after the other, brought up again each time."""

    @pytest.mark.parametrize("lines", [1, 2, 3, 4, 5, 6])
    def test_interrupted_up_goes_on_later(self, small: Rogatory, lines: int) -> None:
        """Ctrl-C after any line of progress ends `up` with 130 and says how to go on."""
        with subprocess.Popen(
            [ROGATORY, *SMALL],
            env=small.environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stderr is not None
            for _ in range(lines):
                process.stderr.readline()
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
        assert process.returncode in (130, 0)
        if process.returncode == 130:
            assert "Run the same command again" in rest

    def test_after_all_interruptions_the_network_stands_once(self, small: Rogatory) -> None:
        """The next `up` finishes the work: one request, and each room once, whatever was interrupted."""
        report = small.json(*SMALL)
        assert report["request"] is not None
        again = small.json(*SMALL)
        assert again["rooms"] == report["rooms"]
        assert again["request"] == report["request"]
        steward = next(
            account["user_id"]
            for account in report["accounts"]
            if account["role"] == "steward" and "africa" in account["user_id"]
        )
        names = [room["name"] for room in small.json("rooms", "--as", steward)["rooms"]]
        assert len(names) == len(set(names))

    def test_a_taken_port_is_named_with_who_takes_it(self, small: Rogatory) -> None:
        """A port that another program listens on is named, and so is that program; then `up` goes on."""
        small.run("down")
        toml = (small.home / "nodes" / "africa" / "node.toml").read_text()
        port = int(re.findall(r"port = (\d+)", toml)[0])
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the node's last connections linger
            other.bind(("127.0.0.1", port))
            other.listen()
            said = refused(small, *SMALL, exit_code=1)
        assert str(port) in said
        small.run(*SMALL)

    def test_bad_toml_is_refused_with_file_and_key(self, small: Rogatory) -> None:
        """A misspelt key in a node.toml is refused with the file, the key and the nearest valid key."""
        path = small.home / "nodes" / "africa" / "node.toml"
        good = path.read_text()
        path.write_text(good.replace("[listeners.client]", "[listeners.klient]"))
        said = refused(small, *SMALL, exit_code=2)
        assert str(path) in said
        assert "klient" in said
        assert "client" in said
        path.write_text(good)
        small.run(*SMALL)

    def test_a_synapse_that_dies_at_start_is_named_with_its_last_words(self, small: Rogatory) -> None:
        """A homeserver that ends while it starts is named with the reason it gave; mended, `up` goes on."""
        small.run("down")
        database = small.home / "nodes" / "africa" / "homeserver.db"
        good = database.read_bytes()
        for name in ("homeserver.db-wal", "homeserver.db-shm"):
            assert not (database.parent / name).exists() or (database.parent / name).stat().st_size == 0
        database.write_bytes(b"this is not a database" * 100)
        said = refused(small, *SMALL, exit_code=1)
        assert "africa" in said
        assert "not a database" in said
        database.write_bytes(good)
        small.run(*SMALL)
