"""A process that is killed while it hands a store's key over leaves a store that opens."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keyring
import pytest

from client.session.secret import Secret
from client.session.store.account_store import make_account_store, open_account_store
from client.session.store.store_key import KeyHolder, needs_passphrase, unlock
from tests.network.file_keyring import FILE, FileKeyring

_PROCESS = "tests.client.session.store.moving_process"
_USER = "@alice:africa.rogatory.test"
_OLD, _NEW = "quatre mots sans rapport", "vier Worte ohne Bezug"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (KeyHolder.PASSPHRASE, KeyHolder.PASSPHRASE),
        (KeyHolder.PASSPHRASE, KeyHolder.KEYRING),
        (KeyHolder.KEYRING, KeyHolder.PASSPHRASE),
        (KeyHolder.FILE, KeyHolder.PASSPHRASE),
    ],
)
def test_killed_at_any_step_of_a_move_the_store_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: KeyHolder, after: KeyHolder
) -> None:
    """kill -9 at each file operation of a move in turn: each time the old holder or the new one opens it."""
    now, original = tmp_path / "now", tmp_path / "original"
    monkeypatch.setenv(FILE, str(now / "keyring.json"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.network.file_keyring.FileKeyring")
    monkeypatch.setattr(keyring, "get_keyring", FileKeyring)
    (now / "account").mkdir(parents=True)
    passphrase = Secret(_OLD) if before is KeyHolder.PASSPHRASE else None
    make_account_store(now / "account", _USER, before, passphrase).close()
    shutil.copytree(now, original)
    command = [sys.executable, "-m", _PROCESS, str(original), str(now), _USER, after.value]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{_OLD}\n{_NEW}\n")
        ends: list[int] = []
        while not ends or ends[-1] == -signal.SIGKILL:
            process.stdin.write("\n" if ends else "")
            process.stdin.flush()
            ends.append(int(process.stdout.readline()))
            if needs_passphrase(now / "account"):  # the old one is known to this process
                unlock(now / "account", Secret(_NEW))
            open_account_store(now / "account", _USER).close()
        process.stdin.close()
    assert ends[-1] == 0
    assert len(ends) > 2
