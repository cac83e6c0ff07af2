"""`rogatory devices`: the account's own devices."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Sequence

import click
import msgspec

from client.session.events import OwnDevice
from client.session.face import Session
from client.views.safe_text import single_line
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.secrets import asked_password
from node.cli.sessions import chosen_account, session_of


@click.command()
@click.option("--rename", nargs=2, metavar="DEVICE NAME", help="Name a device; everyone can read the name.")
@click.option("--remove", metavar="DEVICE", help="Log a device out for ever, one that is lost for instance.")
@as_option
@home_option
@json_option
def devices(
    rename: tuple[str, str] | None, remove: str | None, user: str | None, home: str | None, as_json: bool
) -> None:
    """List the account's devices; name one or remove one first.

    --remove asks for the account's password, or reads it from standard input. This device itself is ended
    with `rogatory logout`.
    """
    opened = chosen_home(home)
    account = chosen_account(opened, user)
    password = asked_password(account.user_id) if remove is not None else None

    async def work(session: Session) -> Sequence[OwnDevice]:
        if rename is not None:
            await session.rename_device(*rename)
        if remove is not None and password is not None:
            await session.remove_device(remove, password=password)
        return await session.devices()

    async def run() -> Sequence[OwnDevice]:
        async with session_of(opened, account) as session:
            return await work(session)

    found = asyncio.run(run())
    if as_json:
        print_json({"devices": msgspec.to_builtins(found)})
        return
    for device in found:
        seen = _day(device.last_seen_at)
        signed = "cross-signed" if device.cross_signed else "NOT cross-signed"
        here = "  (this device)" if device.is_this else ""
        click.echo(f"{device.device_id:<12} {signed:<17} {seen:<17} {single_line(device.name or '')}{here}")


def _day(milliseconds: int | None) -> str:
    """Say when, by this machine's clock and zone."""
    if milliseconds is None:
        return "never seen"
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC).astimezone()
    return f"{moment:%Y-%m-%d %H:%M}"
