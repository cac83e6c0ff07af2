"""`rogatory login, logout, store-key`: an account's device on this machine."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol, enrol_again
from client.session.errors import HomeserverUnreachable, UnknownAccount
from client.session.http_transport import completed_homeserver_url
from client.session.leaving import check_nothing_is_lost, has_begun, leave, leave_here
from client.session.local.private_files import private_folder
from client.session.login import is_logged_in, log_in, log_out
from client.session.opening import hold_session
from client.session.recovery.state import RecoveryState
from client.session.secret import Secret
from client.session.store.account_lock import held_store
from client.session.store.account_store import access_token, open_account_store
from client.session.store.keyring_entry import keyring_trouble
from client.session.store.store_key import KeyHolder, key_holder, move_store_key
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.secrets import asked_password, new_passphrase, passphrase_file, unlock_store
from node.cli.sessions import chosen_account
from node.home import Home, home_path, open_home

_BACKUP_PATIENCE = 10.0
"""Seconds that `logout` lets the backup take in what it has not yet."""
_KEPT = ("password",)
"""What `rogatory up` writes into an account's folder, and needs to log the account in again."""


@click.command()
@click.argument("user")
@click.option("--homeserver", metavar="URL", help="The address of the region's homeserver.")
@home_option
@json_option
def login(user: str, homeserver: str | None, home: str | None, as_json: bool) -> None:
    """Log USER (@localpart:server) in; the password is asked for, or read from standard input.

    The account's store here is encrypted. The system's keyring holds its key; where there is none, a
    passphrase does, which is asked for, or read from the file that ROGATORY_PASSPHRASE_FILE names.

    An account that was logged in here and is logged out now goes on where it was.
    """
    if user.startswith("@") != (":" in user):
        raise click.UsageError(f"{user!r} is no user id. It is spelt @localpart:server.")
    path = home_path(home)
    opened = chosen_home(home) if (path / "home.toml").is_file() else open_home(path, create=True)
    known = _known_account(opened, user)
    if known is not None:
        asyncio.run(_log_in_again(known))
        account, words = known, "It goes on with the store that is here."
    elif homeserver is None:
        raise click.UsageError("Say where the homeserver is: --homeserver URL. The region's IT knows it.")
    else:
        account, words = _log_in_anew(opened, user, completed_homeserver_url(homeserver))
    if as_json:
        holder = key_holder(account.folder)
        print_json(
            {"user_id": account.user_id, "device_id": account.device_id, "store_key": holder and holder.value}
        )
    else:
        click.echo(f"{account.user_id} is logged in as device {account.device_id}. {words}")


@click.command()
@click.option("--lose-history", is_flag=True, help="Also where nothing could bring back what it can read.")
@click.option("--here-only", is_flag=True, help="Do not tell the homeserver: the device stays listed there.")
@as_option
@home_option
@json_option
def logout(lose_history: bool, here_only: bool, user: str | None, home: str | None, as_json: bool) -> None:
    """End this device: log it out at its homeserver, and remove its store and the store's key.

    Refused while something would be lost that recovery could not bring back. A store that cannot be opened
    any more is removed with --here-only --lose-history; remove the device elsewhere then.
    """
    account = chosen_account(chosen_home(home), user)
    nothing_to_ask = has_begun(account) or (here_only and lose_history)
    if not nothing_to_ask:
        unlock_store(account)
        if not lose_history:
            check_nothing_is_lost(asyncio.run(_recovery_state(account)))
    if nothing_to_ask or here_only:
        trouble = leave_here(account, keep=_KEPT)
    else:
        trouble = asyncio.run(leave(account, keep=_KEPT))
    if trouble is not None:
        click.echo(f"The keyring still has the key, of no use without the store. {trouble}", err=True)
    if as_json:
        print_json({"user_id": account.user_id, "device_id": account.device_id})
    else:
        click.echo(f"{account.user_id} is logged out here; the store and its key are gone.")


@click.command("store-key")
@click.option("--passphrase", is_flag=True, help="Let a passphrase hold it from now on, or change it.")
@click.option(
    "--new-passphrase-file",
    "file",
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE",
    help="With --passphrase: the new one is the first line of FILE, and nobody is asked.",
)
@click.option("--keyring", is_flag=True, help="Let the system's keyring hold it from now on.")
@as_option
@home_option
@json_option
def store_key(
    passphrase: bool, file: Path | None, keyring: bool, user: str | None, home: str | None, as_json: bool
) -> None:
    """Say what holds the key of the account's store, or let something else hold it.

    The store stays as it is. Where a passphrase holds the key now, it is asked for first, or read from the
    file that ROGATORY_PASSPHRASE_FILE names.
    """
    if passphrase and keyring:
        raise click.UsageError("Say --passphrase or --keyring, not both.")
    if file is not None and not passphrase:
        raise click.UsageError("--new-passphrase-file goes with --passphrase.")
    account = chosen_account(chosen_home(home), user)
    if passphrase or keyring:
        _move(account, KeyHolder.PASSPHRASE if passphrase else KeyHolder.KEYRING, file)
    holder = key_holder(account.folder)
    if as_json:
        print_json({"user_id": account.user_id, "store_key": holder and holder.value})
    else:
        click.echo(_HELD_BY[holder] if holder else "The key of the store is missing.")


_HELD_BY = {
    KeyHolder.KEYRING: "The system's keyring holds the key of the store.",
    KeyHolder.PASSPHRASE: "A passphrase holds the key of the store; you are asked for it.",
    KeyHolder.FILE: "The key of the store lies in a file beside it, as on a development network only.",
}


def _move(account: Account, holder: KeyHolder, file: Path | None) -> None:
    with held_store(account.lock_path, account.user_id):
        if key_holder(account.folder) is not KeyHolder.PASSPHRASE:
            file = file or passphrase_file()  # of a passphrase it names the one of now
        unlock_store(account)
        new = new_passphrase(account.user_id, file) if holder is KeyHolder.PASSPHRASE else None
        move_store_key(account.folder, account.user_id, holder, new)


def _known_account(home: Home, user: str) -> Account | None:
    """Return the account if this machine has it; a bare localpart is looked for among all that are here."""
    accounts = Accounts(home.accounts)
    if user.startswith("@"):
        try:
            return accounts.find(user)
        except UnknownAccount:
            return None
    found = [account for account in accounts.all() if account.user_id.startswith(f"@{user}:")]
    return found[0] if len(found) == 1 else None


async def _log_in_again(account: Account) -> None:
    """Log a device of this machine in again, unless it still is."""
    unlock_store(account)
    with held_store(account.lock_path, account.user_id):
        db = open_account_store(account.folder, account.user_id)
        try:
            token = access_token(db, account.user_id)
        finally:
            db.close()
    if await is_logged_in(account.homeserver, token):
        return
    logged_in = await log_in(
        account.homeserver, account.user_id, asked_password(account.user_id), device_id=account.device_id
    )
    await enrol_again(account, Secret(logged_in.access_token))


def _log_in_anew(home: Home, user: str, homeserver: str) -> tuple[Account, str]:
    """Log a new device in, and return its account and what holds the key of its store, in words."""
    trouble = keyring_trouble()
    password = asked_password(user)
    holder, passphrase, words = KeyHolder.KEYRING, None, _HELD_BY[KeyHolder.KEYRING]
    if trouble is not None:
        click.echo(f"The system's keyring cannot be used. {trouble}", err=True)
        holder, passphrase = KeyHolder.PASSPHRASE, new_passphrase(user, passphrase_file())
        words = _HELD_BY[holder]

    async def run() -> Account:
        accounts = Accounts(home.accounts)
        logged_in = await log_in(homeserver, user, password)
        was_there = accounts.folder(logged_in.user_id).exists()
        try:
            return await enrol(
                accounts,
                user_id=logged_in.user_id,
                homeserver=homeserver,
                device_id=logged_in.device_id,
                access_token=logged_in.access_token,
                key_holder=holder,
                passphrase=passphrase,
            )
        except BaseException:  # also when interrupted: undone, then raised again
            # otherwise each attempt would leave a device that nobody has the keys of
            with contextlib.suppress(HomeserverUnreachable):
                await log_out(homeserver, logged_in.access_token)
            folder = private_folder(accounts.folder(logged_in.user_id))
            if not was_there:
                leave_here(Account(folder, logged_in.user_id, homeserver, logged_in.device_id))
            raise

    return asyncio.run(run()), words


async def _recovery_state(account: Account) -> RecoveryState:
    """Return how the account stands to its recovery, once the backup has had a moment."""
    async with hold_session(account, welcome=lambda _: False) as session:
        state = await session.recovery_state()
        deadline = asyncio.get_running_loop().time() + _BACKUP_PATIENCE
        while state.backup_version and state.backed_up < state.room_keys:
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.2)
            state = await session.recovery_state()
        return state
