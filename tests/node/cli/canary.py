"""Canaries: words that stand for what witnesses say, and desks on whose disks none may be seen."""

from __future__ import annotations

import base64
import contextlib
import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.network.rogatory import ROGATORY, Rogatory, lines_of
from tests.node.cli.desks import desk_with_keyring, desk_with_passphrase

# One word each, and no two begin alike: an index cuts text into words, and what words share into one.
BODY, ANSWER, ROOM_NAME = "7f3acanarybody", "9c1ecanaryanswer", "51d0canaryroom"
DISPLAY_NAME, DEVICE_NAME, DRAFT = "2b88canaryperson", "e4f7canarydevice", "6a05canarydraft"
SOUGHT_IN_VAIN, CAPTION = "c38dcanarysought", "08b6canarycaption"
FILE_NAME, FILE_TEXT = "d19acanaryfile.pdf", "f52ecanarypage"
CANARIES = (
    *(BODY, ANSWER, ROOM_NAME, DISPLAY_NAME, DEVICE_NAME, DRAFT),
    *(SOUGHT_IN_VAIN, CAPTION, FILE_NAME, FILE_TEXT),
)


def spellings(word: str) -> list[bytes]:
    """Return how a word may stand in a file: plain, two bytes a letter, backwards, hex, Base64."""
    text = word.encode()
    wide = word.encode("utf-16-le")
    shifted = [base64.b64encode(bytes(shift) + text)[4 * (shift > 0) :] for shift in range(3)]
    return [text, wide, text[::-1], text.hex().encode(), *(each[:-4] for each in shifted)]


def found_by_grep(*folders: Path) -> str:
    """Return what `grep -r` finds of the canaries in the files of some folders, and in their names."""
    patterns = []
    for spelling in (spelling for canary in CANARIES for spelling in spellings(canary)):
        patterns += ["-e", spelling.decode().replace("\0", ".").rstrip(".")]
    done = subprocess.run(
        ["grep", "-r", "-l", "-a", "-i", *patterns, "--", *map(str, folders)],  # noqa: S607 # whichever there is
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    names = [str(path) for folder in folders for path in folder.rglob("*")]
    named = [name for name in names if any(canary in name for canary in CANARIES)]
    return "\n".join([*done.stdout.splitlines(), *named])


def open_to_others(folder: Path) -> dict[str, int]:
    """Return the files, sockets and folders that are open to others, with their modes."""
    found = [folder, *folder.rglob("*")]
    return {
        str(path): stat.S_IMODE(path.lstat().st_mode)
        for path in found
        if stat.S_IMODE(path.lstat().st_mode) != (0o700 if path.is_dir() else 0o600)
    }


class WatchedDesk:
    """A desk under watch: all that a process may write by itself lies in its folder."""

    def __init__(self, folder: Path, *, passphrase: bool = False) -> None:
        self._folder, self._temporary = folder, folder / "temporary"
        for each in (self._temporary, folder / "person"):
            each.mkdir(parents=True)
        make = desk_with_passphrase if passphrase else desk_with_keyring
        self.rogatory: Rogatory = make(
            folder, TMPDIR=str(self._temporary), HOME=str(folder / "person"), XDG_RUNTIME_DIR=""
        )

    def is_clean(self) -> None:
        """See that no canary stands in a file of the home or of the folders beside it, and the modes."""
        assert any(path.stat().st_size for path in self.rogatory.home.rglob("store.db*"))
        assert found_by_grep(self._folder) == ""
        assert open_to_others(self.rogatory.home) == {}
        assert open_to_others(self._temporary).keys() <= {str(self._temporary)}

    @contextlib.contextmanager
    def killed_while_listening(self, until: str) -> Iterator[None]:
        """Let `listen` hold the store, run the block once a text has come, look, kill -9, look."""
        with subprocess.Popen(
            [ROGATORY, "listen", "--json"],
            env=self.rogatory.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                next(line for line in lines_of(process) if json.loads(line)["body"] == until)
                yield
                self.is_clean()
            finally:
                process.kill()
        self.is_clean()
