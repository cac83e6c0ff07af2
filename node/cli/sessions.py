"""Opening an account's session for a verb: which account, and whose invitations it accepts by itself."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import click

from client.session.accounts import Account, Accounts
from client.session.errors import UnknownAccount
from client.session.events import Connection, ConnectionChanged, RoomSummary
from client.session.face import Session
from client.session.login import device_logged_out
from client.session.opening import open_session
from client.session.owned_tasks import OwnedTasks
from node.cli.connection_line import ConnectionLine, tell_connection
from node.cli.secrets import unlock_store
from node.home import Home
from node.network.newest_serial import newest_serial, note_serial
from policies.trust.errors import ManifestRejected
from policies.trust.manifest import Manifest, read_manifest

Result = TypeVar("Result")


def chosen_account(home: Home, user: str | None) -> Account:
    """Return the account that --as names, or the only one there is. Raises UnknownAccount."""
    accounts = Accounts(home.accounts)
    if user is not None:
        return accounts.find(user)
    everyone = accounts.all()
    if len(everyone) == 1:
        return everyone[0]
    names = ", ".join(account.user_id for account in everyone)
    raise UnknownAccount(
        "It is not said which account to use.",
        why=f"This home has these: {names}." if everyone else "This home has none yet.",
        remedy="Add --as with one of them." if everyone else "Run `rogatory login` first.",
    )


def pinned_manifest(home: Home) -> Manifest | None:
    """Return the network's manifest as the root that this home has pinned signs it, or None if it has none.

    Raises ManifestRejected when there is one that must not be believed, as an older one than the last.
    """
    if not (home.manifest.is_file() and home.root_public_key.is_file()):
        return None
    try:
        # A home that holds the root's private key made the development network itself.
        manifest = read_manifest(
            home.manifest.read_bytes(),
            home.root_public_key.read_bytes().decode(errors="replace").strip(),
            now=datetime.datetime.now(datetime.UTC),
            newest_serial=newest_serial(home),
            accept_development=(home.network / "root.key").is_file(),
        )
    except ManifestRejected as rejected:
        what = f"{home.manifest} is refused. {rejected.what}"
        raise type(rejected)(what, why=rejected.why, remedy=rejected.remedy) from None
    note_serial(home, manifest.serial)
    return manifest


def session_of(home: Home, account: Account) -> AbstractAsyncContextManager[Session]:
    """Open an account's session; it joins by itself where an organ of the Court invites it.

    Where a passphrase holds the key of its store, this asks for it; see `unlock_store`.
    """
    unlock_store(account)
    manifest = pinned_manifest(home)
    return open_session(account, welcome=welcome_of(manifest), manifest=manifest)


async def tell_if_logged_out(session: Session) -> None:
    """Say on standard error when nothing new will come: for a verb that reads what is stored."""
    known = await anext(session.updates())
    if isinstance(known, ConnectionChanged) and known.connection is Connection.LOGGED_OUT:
        error = device_logged_out(session.user_id)
        click.echo(f"{error.what} {error.remedy}", err=True)


def welcome_of(manifest: Manifest | None) -> Callable[[RoomSummary], bool]:
    """Return the rule for which invitations are accepted without asking (design section 5)."""
    organs = frozenset(organ.user_id for organ in manifest.organs) if manifest else frozenset()

    def welcome(room: RoomSummary) -> bool:
        return room.inviter in organs

    return welcome


def in_session(
    home: Home,
    user: str | None,
    work: Callable[[Session], Awaitable[Result]],
    status: ConnectionLine | None = None,
) -> Result:
    """Do some work in the session of the account that --as names, and return what it returns.

    How the connection stands is told on standard error; `status` is the line for it on a terminal.
    """
    account = chosen_account(home, user)

    async def run() -> Result:
        async with session_of(home, account) as session, OwnedTasks() as tasks:
            tasks.begin(tell_connection(session, account.homeserver, status))
            return await work(session)

    return asyncio.run(run())
