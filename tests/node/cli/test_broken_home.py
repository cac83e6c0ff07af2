"""What the verbs say of a home in which something is broken, and that they leave it as it is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from client.session.accounts import Accounts
from client.session.errors import AccountDamaged, StoreError, UnknownAccount
from client.session.store.account_lock import held_store
from node.home import open_home
from tests.network.rogatory import Rogatory

USER, OTHER = "@alice:africa.rogatory.test", "@bob:africa.rogatory.test"


def home_with(tmp_path: Path, *users: str) -> tuple[Rogatory, Accounts]:
    """Return a home in which accounts are described, without stores."""
    accounts = Accounts(open_home(tmp_path / "home", create=True).accounts)
    for user in users:
        accounts.write(user, "https://homeserver.example", "DEVICE")
    return Rogatory(tmp_path / "home"), accounts


def refused(desk: Rogatory, *arguments: str, expect: int = 1) -> str:
    said = desk.run(*arguments, expect=expect).stderr
    assert "why: " in said
    assert "do: " in said
    assert "Traceback" not in said
    assert "defect" not in said
    return said


GARBLED = {
    "not UTF-8": b'user_id = "\xff\xfe"\n',
    "not TOML": b"user_id = \n",
    "empty": b"",
    "a value is missing": f'user_id = "{USER}"\n'.encode(),
    "a number": f'user_id = "{USER}"\nhomeserver = 5\ndevice_id = "D"\n'.encode(),
    "another account": f'user_id = "{OTHER}"\nhomeserver = "https://x"\ndevice_id = "D"\n'.encode(),
    "random": bytes(range(256)),
}


@pytest.mark.parametrize("content", GARBLED.values(), ids=GARBLED)
def test_a_garbled_account_file_is_named(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in account.toml, the file is named and left alone; other accounts go on."""
    desk, accounts = home_with(tmp_path, USER, OTHER)
    path = accounts.folder(USER) / "account.toml"
    path.write_bytes(content)
    with pytest.raises(AccountDamaged, match=r"account\.toml"):
        accounts.find(USER)
    with pytest.raises(AccountDamaged):
        accounts.all()
    assert accounts.find(OTHER).user_id == OTHER
    with pytest.raises(UnknownAccount, match="@bob"):
        accounts.find("@nobody:africa.rogatory.test")
    assert path.read_bytes() == content
    assert "account.toml" in refused(desk, "rooms", "--as", USER)


@pytest.mark.parametrize("name", ["store.key", "key-holder.json"])
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"{}"])
def test_a_garbled_key_is_named_by_every_verb(tmp_path: Path, name: str, content: bytes) -> None:
    """The file that should hold the key is named, and neither it nor the store is touched."""
    desk, accounts = home_with(tmp_path, USER)
    folder = accounts.folder(USER)
    (folder / name).write_bytes(content)
    (folder / "store.db").write_bytes(b"x" * 4096)
    for verb in (["rooms"], ["send", "x", "y"], ["listen"], ["devices"], ["logout"]):
        assert name in refused(desk, *verb)
    assert (folder / name).read_bytes() == content
    assert (folder / "store.db").read_bytes() == b"x" * 4096


def test_a_home_that_others_could_look_into_is_closed_and_it_is_said(tmp_path: Path) -> None:
    """A home with mode 0755 gets 0700 back at the next verb, which says so once."""
    desk, _ = home_with(tmp_path, USER)
    desk.home.chmod(0o755)
    assert "closed to them now" in desk.run("rooms", expect=1).stderr
    assert desk.home.stat().st_mode & 0o777 == 0o700
    assert "closed" not in desk.run("rooms", expect=1).stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a file of another user")
def test_a_lock_of_another_user_is_named_with_its_owner() -> None:
    """A lock file that belongs to somebody else is refused at once, with whose it is."""
    program = (
        "import os, sys\nfrom pathlib import Path\n"
        "from client.session.errors import StoreError\n"
        "from client.session.store.account_lock import held_store\n"
        "os.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
        "try:\n    held_store(Path(sys.argv[1]), '@a:b').__enter__()\n"
        "except StoreError as error:\n    print(type(error).__name__, error)\n"
    )
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders let no other user in
        lock = Path(name) / "lock"
        lock.touch(0o600)
        Path(name).chmod(0o711)
        done = subprocess.run(
            [sys.executable, "-c", program, str(lock)], capture_output=True, text=True, check=False
        )
    assert "belongs to the user root" in done.stdout, done.stderr
    assert done.stdout.startswith("StoreError ")


def test_a_lock_that_cannot_be_opened_is_a_store_error(tmp_path: Path) -> None:
    """Where the lock should be there is a folder: that is said as an error of the store."""
    (tmp_path / "lock").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"), held_store(tmp_path / "lock", USER):
        pass
