"""`rogatory login`: an account on this machine."""

from __future__ import annotations

import asyncio
import getpass
import sys

import click

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from client.session.login import log_in, log_out
from node.cli.options import chosen_home, home_option, json_option, print_json
from node.home import home_path, open_home
from policies.errors import RogatoryError


@click.command()
@click.argument("user")
@click.option("--homeserver", required=True, metavar="URL", help="The address of the region's homeserver.")
@home_option
@json_option
def login(user: str, homeserver: str, home: str | None, as_json: bool) -> None:
    """Log USER (@localpart:server) in; the password is asked for, or read from standard input.

    The account's store here is encrypted; the system's keyring holds its key, and must be unlocked.
    """
    path = home_path(home)
    opened = chosen_home(home) if (path / "home.toml").is_file() else open_home(path, create=True)
    password = _password(user)

    async def run() -> Account:
        logged_in = await log_in(homeserver, user, password)
        try:
            return await enrol(
                Accounts(opened.accounts),
                user_id=logged_in.user_id,
                homeserver=homeserver,
                device_id=logged_in.device_id,
                access_token=logged_in.access_token,
                key_in_file=False,
            )
        except RogatoryError:
            # otherwise each attempt would leave a device that nobody has the keys of
            await log_out(homeserver, logged_in.access_token)
            raise

    account = asyncio.run(run())
    if as_json:
        print_json({"user_id": account.user_id, "device_id": account.device_id})
    else:
        click.echo(f"{account.user_id} is logged in as device {account.device_id}.")


def _password(user: str) -> str:
    """Ask on a terminal without showing it; elsewhere read one line. Never an argument."""
    if sys.stdin.isatty():
        try:
            password = getpass.getpass(f"Password of {user}: ")
        except EOFError:
            raise click.Abort from None
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("No password was given. Type it, or give it as a line on standard input.")
    return password
