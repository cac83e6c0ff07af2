"""The verb `up`."""

from __future__ import annotations

import asyncio
import sys

import click

from client.session.local.lock import FileLock, Locked
from node.cli.options import chosen_home, home_option, json_option, print_json
from node.cli.up.bring_up import BringUp
from node.cli.up.progress import Progress
from node.errors import HomeUnusable


@click.command()
@click.option("--regions", metavar="A,B", help="Only these regions, and the Court's node (default: all).")
@home_option
@json_option
def up(regions: str | None, home: str | None, as_json: bool) -> None:
    """Bring the whole network up on this machine; run again, it finds it and heals what is down."""
    opened = chosen_home(home, create=True)
    lock = FileLock(opened.root / "up.lock")
    try:
        lock.acquire()
    except Locked as held:
        raise HomeUnusable(
            f"Another `rogatory up` works on {opened.root}.",
            why=f"Process {held.holder} holds its lock.",
            remedy="Wait until it has ended, then run the command again.",
        ) from None
    try:
        outcome = asyncio.run(BringUp(opened, Progress(sys.stderr)).run(regions))
    finally:
        lock.release()
    if as_json:
        print_json(outcome.as_json())
    else:
        click.echo(outcome.as_text())
