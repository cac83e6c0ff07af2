"""Asking for passwords and passphrases: on the terminal without showing them, or from a file."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import click

from client.session.accounts import Account
from client.session.errors import PassphraseNeeded, PassphraseWrong
from client.session.opening import is_served
from client.session.secret import Secret
from client.session.store.passphrase_wrapping import SHORTEST_PASSPHRASE, checked_passphrase
from client.session.store.store_key import needs_passphrase, unlock

PASSPHRASE_FILE = "ROGATORY_PASSPHRASE_FILE"  # noqa: S105 # the variable's name
"""The environment variable that names the file with the passphrase of the stores: its first line."""
_TRIES = 3


def asked_password(user: str) -> Secret[str]:
    """Ask for an account's password on a terminal; elsewhere read one line of standard input."""
    if sys.stdin.isatty():
        password = _asked(f"Password of {user}: ")
    else:
        password = Secret(sys.stdin.readline().rstrip("\r\n"))
    if not password.reveal():
        raise click.UsageError("No password was given. Type it, or give it as a line on standard input.")
    return password


def unlock_store(account: Account) -> None:
    """See that the account's store can be opened by this process, asking for its passphrase where it has one.

    Nobody is asked where the keyring or a file holds the key, or another process the session. Raises
    PassphraseWrong, PassphraseNeeded where nobody can be asked, StoreKeyDamaged.
    """
    if not needs_passphrase(account.folder) or is_served(account):
        return
    file = passphrase_file()
    if file is not None:
        unlock(account.folder, _read(file))
        return
    for left in reversed(range(_TRIES)):
        try:
            unlock(account.folder, _asked(f"Passphrase of the store of {account.user_id}: "))
            return
        except PassphraseWrong as wrong:
            if not left:
                raise
            click.echo(f"{wrong.what} Try again.", err=True)


def new_passphrase(user: str, file: Path | None) -> Secret[str]:
    """Read a passphrase that shall hold the key of a store from a file, or ask for it twice.

    Raises PassphraseTooShort, and PassphraseNeeded where nobody can be asked.
    """
    if file is not None:
        return checked_passphrase(_read(file))
    click.echo(
        f"Choose a passphrase for the store of {user}: {SHORTEST_PASSPHRASE} characters or more. "
        "You are asked for it whenever the account is opened here.",
        err=True,
    )
    first = checked_passphrase(_asked("New passphrase: "))
    if _asked("The same once more: ") != first:
        raise click.UsageError("The two passphrases differ. Nothing was changed.")
    return first


def passphrase_file() -> Path | None:
    """Return the file that ROGATORY_PASSPHRASE_FILE names, None where it names none."""
    name = os.environ.get(PASSPHRASE_FILE)
    return Path(name) if name else None


def _read(path: Path) -> Secret[str]:
    """Read the first line of a passphrase's file. Raises PassphraseNeeded."""
    try:
        if path.is_file() and path.stat().st_mode & 0o077:
            click.echo(f"Others can read {path}. Close it to them: chmod 600 {path}", err=True)
        first, _, _ = path.read_bytes().partition(b"\n")
        passphrase = Secret(first.rstrip(b"\r").decode())
    except OSError as error:
        raise _unusable_file(path, f"The system says: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise _unusable_file(path, "Its first line is not UTF-8.") from None
    if not passphrase.reveal():
        raise _unusable_file(path, "Its first line is empty.")
    return passphrase


def _asked(prompt: str) -> Secret[str]:
    """Ask on the terminal, whatever standard input is. Raises PassphraseNeeded without one."""
    if not (sys.stdin.isatty() or _has_terminal()):
        raise PassphraseNeeded(
            "A passphrase is needed, and there is no terminal to ask for it.",
            why=f"It is never given as an argument, and {PASSPHRASE_FILE} is not set.",
            remedy=f"Run the command in a terminal, or name a 0600 file that has it in {PASSPHRASE_FILE}.",
        )
    try:
        return Secret(getpass.getpass(prompt))
    except EOFError:
        raise click.Abort from None


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _unusable_file(path: Path, why: str) -> PassphraseNeeded:
    return PassphraseNeeded(
        f"The passphrase cannot be read from {path}.",
        why=why,
        remedy=f"Mend the file, name another in {PASSPHRASE_FILE}, or unset it to be asked.",
    )
