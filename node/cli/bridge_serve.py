"""`rogatory bridge serve`: the Court's bot and its HTTP API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import click

from client.session.local.lifeline import watch_lifeline
from node.cli.options import chosen_home, home_option
from node.errors import ConfigurationInvalid
from node.home import Home


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port (default: a free one).")
@click.option(
    "--allow-host",
    "names",
    metavar="NAME",
    multiple=True,
    help="A name (with :PORT unless it is the usual one) by which a proxy calls it; needed beyond loopback.",
)
@home_option
def serve(host: str, port: int, names: tuple[str, ...], home: str | None) -> None:
    """Serve until Ctrl-C: the HTTP API, and the Court's bot, which finishes what is not delivered.

    The API describes itself at /openapi.json. Make a token with `rogatory bridge token add` first.
    """
    watch_lifeline()
    opened = chosen_home(home)
    asyncio.run(_serve(opened, host, port, names))


async def _serve(home: Home, host: str, port: int, names: Sequence[str]) -> None:
    from bridge.serve import serve as serve_bridge
    from node.cli.court import court_bot, open_register
    from node.cli.sessions import pinned_manifest

    manifest = pinned_manifest(home)
    if manifest is None:
        raise ConfigurationInvalid(
            f"The home at {home.root} has no manifest.",
            why="The Court's bot serves only the network that a signed manifest names.",
            remedy="Run `rogatory up`, or put network/manifest.json and network/root.pub there.",
        )
    with contextlib.closing(open_register(home)) as register:
        async with court_bot(home, manifest, register) as bot:
            await serve_bridge(
                bot, host, port, lambda url: click.echo(f"The bridge answers at {url}."), names=names
            )
