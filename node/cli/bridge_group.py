"""`rogatory bridge serve`: the Court's bot and its HTTP API."""

from __future__ import annotations

import asyncio
import contextlib

import click

from client.session.local.lifeline import watch_lifeline
from node.cli.options import chosen_home, home_option
from node.home import Home


@click.group()
def bridge() -> None:
    """Run the Court's bridge."""


@bridge.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port (default: a free one).")
@home_option
def serve(host: str, port: int, home: str | None) -> None:
    """Serve until Ctrl-C: the health page, and the Court's bot, which finishes what is not delivered."""
    watch_lifeline()
    opened = chosen_home(home)
    asyncio.run(_serve(opened, host, port))


async def _serve(home: Home, host: str, port: int) -> None:
    from bridge.serve import serve as serve_bridge
    from node.cli.court import court_bot, court_manifest, open_register

    manifest = court_manifest(home)
    with contextlib.closing(open_register(home)) as register:
        async with court_bot(home, manifest, register) as bot:
            await serve_bridge(bot, host, port, lambda url: click.echo(f"The bridge answers at {url}."))
