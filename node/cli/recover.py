"""`rogatory recover`: coming back to an account after its devices are lost."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import msgspec

from client.session.face import Session
from client.session.recovery.state import Recovery, RecoveryState
from client.session.secret import Secret
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.secrets import asked_password
from node.cli.sessions import in_session

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_RESET = """\
A reset gives the account a new identity.
  - Everyone who knows the old one is warned, and sends you nothing until they have accepted the new one.
  - What your regional authority attested of the old one does not hold for the new: ask it to attest again.
  - Your other devices must recover with the new key. The old recovery key opens nothing any more.
  - Messages that this device cannot read, and that only the old backup could open, stay closed.\
"""


@click.command()
@click.option("--setup", is_flag=True, help="Make a recovery key, and back the room keys up from now on.")
@click.option("--replace", is_flag=True, help="With --setup: make a new key in place of one that is lost.")
@click.option("--key-file", type=_FILE, metavar="FILE", help="Recover with the recovery key in FILE.")
@click.option(
    "--passphrase-file",
    type=_FILE,
    metavar="FILE",
    help="Recover with the passphrase in FILE; with --setup or --reset: let that passphrase open it too.",
)
@click.option("--reset", is_flag=True, help="Begin anew with another identity, when all keys are lost.")
@click.option("--yes", is_flag=True, help="With --reset: do not ask whether it is meant.")
@click.option("--status", is_flag=True, help="Say how things stand.")
@as_option
@home_option
@json_option
def recover(
    setup: bool,
    replace: bool,
    key_file: Path | None,
    passphrase_file: Path | None,
    reset: bool,
    yes: bool,
    status: bool,
    user: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Set recovery up, or come back with its key.

    The recovery key is printed once, on standard output: write it down and keep it where the device is not.
    It is never given as an argument; `-` as FILE reads standard input. --reset asks for the account's
    password, or reads it from standard input.
    """
    recovers = not (setup or reset) and (key_file is not None or passphrase_file is not None)
    if setup + reset + status + recovers != 1 or (key_file and not recovers) or (replace and not setup):
        raise click.UsageError(
            "Say one of --setup, --key-file FILE, --passphrase-file FILE, --reset and --status."
        )
    if key_file is not None and passphrase_file is not None:
        raise click.UsageError("Give --key-file or --passphrase-file, not both.")
    opened = chosen_home(home)
    passphrase = _secret(passphrase_file)
    if setup:
        _print_key(in_session(opened, user, _setting_up(passphrase, replace)), as_json)
    elif reset:
        password = _confirmed_password(yes=yes)
        _print_key(in_session(opened, user, _resetting(password, passphrase)), as_json)
    elif status:
        _print_state(in_session(opened, user, lambda session: session.recovery_state()), as_json)
    else:
        _print_state(in_session(opened, user, _unlocking(_secret(key_file), passphrase)), as_json)


def _setting_up(passphrase: Secret[str] | None, replace: bool) -> Callable[[Session], Awaitable[str]]:
    return lambda session: session.set_up_recovery(passphrase=passphrase, replace=replace)


def _resetting(password: Secret[str], passphrase: Secret[str] | None) -> Callable[[Session], Awaitable[str]]:
    return lambda session: session.reset_identity(password=password, passphrase=passphrase)


def _unlocking(
    key: Secret[str] | None, passphrase: Secret[str] | None
) -> Callable[[Session], Awaitable[RecoveryState]]:
    return lambda session: session.recover(recovery_key=key, passphrase=passphrase)


def _secret(path: Path | None) -> Secret[str] | None:
    """Read the first line of a file, or of standard input for `-`."""
    if path is None:
        return None
    text = sys.stdin.readline() if str(path) == "-" else path.read_text()
    lines = text.strip().splitlines()
    if not lines:
        raise click.UsageError(f"The file {path} is empty.")
    return Secret(lines[0].strip())


def _confirmed_password(*, yes: bool) -> Secret[str]:
    if not yes:
        click.echo(_RESET, err=True)
        click.confirm("Reset the account's identity?", abort=True, err=True)
    return asked_password("the account")


def _print_key(key: str, as_json: bool) -> None:
    if as_json:
        print_json({"recovery_key": key})
        return
    click.echo("This is the recovery key. Write it down; it is not shown again:", err=True)
    click.echo(key)


def _print_state(state: RecoveryState, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(state))
        return
    click.echo(_WORDS[state.recovery])
    click.echo(
        "This device is vouched for." if state.signed else "This device is not vouched for: others ignore it."
    )
    if state.backup_refused is not None:
        click.echo(f"The backup on the homeserver is refused. {state.backup_refused}")
    elif state.backup_version is None:
        click.echo("Room keys are not backed up.")
    else:
        click.echo(
            f"Backup {state.backup_version} has {state.backed_up} of the {state.room_keys} room keys here."
        )
    if state.refused_keys:
        click.echo(f"{state.refused_keys} room keys in the backup were altered, and refused.")


_WORDS = {
    Recovery.NOT_SET_UP: "Recovery is not set up: if every device is lost, so are the messages. "
    "Run `rogatory recover --setup`.",
    Recovery.LOCKED: "Recovery was set up on another device. Run `rogatory recover --key-file FILE` here.",
    Recovery.UNLOCKED: "Recovery is set up.",
}
