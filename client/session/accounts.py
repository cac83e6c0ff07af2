"""The accounts of this machine: a folder each, under one root.

<localpart>@<server>/
    account.toml    user id, homeserver address, device id: nothing secret
    store.db        the encrypted store
    key-holder.json what holds its key: the system keyring's entry, or the key wrapped by a passphrase
    store.key       on the development network only: the key itself, 0600
    lock            held by the process that has the store open
    session.sock    where that process answers the others
    outgoing/       ciphertext of files that wait for the homeserver
"""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from client.session.errors import AccountDamaged, SessionError, UnknownAccount
from client.session.local.private_files import private_folder, write_private_if_changed


@dataclass(frozen=True)
class Account:
    """One account of this machine, as its account.toml says."""

    folder: Path
    user_id: str
    homeserver: str
    device_id: str

    @property
    def store_path(self) -> Path:
        """Its encrypted store."""
        return self.folder / "store.db"

    @property
    def lock_path(self) -> Path:
        """The lock of the process that has the store open."""
        return self.folder / "lock"

    @property
    def wanted_socket(self) -> Path:
        """Where that process would answer, if the path is not too long (see `local_socket`)."""
        return self.folder / "session.sock"


class Accounts:
    """The accounts under `root`, which need not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, user_id: str) -> Path:
        """Return where the account `@localpart:server` has its folder."""
        localpart, _, server = user_id.removeprefix("@").partition(":")
        return self.root / f"{quote(localpart, safe='._=+-')}@{quote(server, safe='.-')}"

    def all(self) -> tuple[Account, ...]:
        """Return every account, sorted by user id. Raises AccountDamaged."""
        return tuple(sorted(map(self._read, self._paths()), key=lambda account: account.user_id))

    def find(self, user_id: str) -> Account:
        """Return the account of a full user id. Raises AccountDamaged, UnknownAccount: it lists them."""
        path = self.folder(user_id) / "account.toml"
        if path.is_file():
            return self._read(path)
        names = ", ".join(account.user_id for account in self._readable())
        raise UnknownAccount(
            f"There is no account {user_id} on this machine.",
            why=f"The accounts here are: {names}." if names else "There is no account here yet.",
            remedy="Give one of them in full, or log in with `rogatory login`.",
        )

    def write(self, user_id: str, homeserver: str, device_id: str) -> Account:
        """Write an account's folder and account.toml, and return it."""
        folder = private_folder(self.folder(user_id))
        lines = [("user_id", user_id), ("homeserver", homeserver), ("device_id", device_id)]
        text = "".join(f"{name} = {_toml_text(value)}\n" for name, value in lines)
        write_private_if_changed(folder / "account.toml", text)
        return Account(folder, user_id, homeserver, device_id)

    def _paths(self) -> Iterator[Path]:
        return self.root.glob("*/account.toml")

    def _readable(self) -> Iterator[Account]:
        for path in sorted(self._paths()):
            with contextlib.suppress(AccountDamaged):  # another account's trouble
                yield self._read(path)

    def _read(self, path: Path) -> Account:
        try:
            table = tomllib.loads(path.read_bytes().decode())
            values = [table[name] for name in ("user_id", "homeserver", "device_id")]
        except KeyError as error:
            raise _damaged(path, f"It has no {error}.") from None
        except OSError as error:
            raise _damaged(path, f"The system says: {error.strerror}.") from None
        except ValueError as error:  # not UTF-8, not TOML
            raise _damaged(path, f"{error}.") from None
        if not all(isinstance(value, str) and value for value in values):
            raise _damaged(path, "One of its values is no text, or is empty.")
        if self.folder(values[0]) != path.parent:
            raise _damaged(path, f"It is in the folder of another account than {values[0]!r}.")
        return Account(path.parent, *values)


def _toml_text(value: str) -> str:
    if any(ord(character) < 0x20 or character in '"\\\x7f' for character in value):
        raise SessionError(
            f"{value!r} cannot be the name of an account, a device or a homeserver.",
            why="It has a quote, a backslash or a control character.",
            remedy="Check what was typed.",
        )
    return f'"{value}"'


def _damaged(path: Path, why: str) -> AccountDamaged:
    return AccountDamaged(
        f"The file {path} cannot be read.",
        why=why,
        remedy="Restore it from a backup: it names the account, its homeserver and its device.",
    )
