"""`rogatory request issue`: a checked draft becomes a signed request in a room of its own."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click

from bridge.court import IssuedRequest
from client.views.safe_text import single_line
from node.cli.court import court_bot, court_manifest, open_register
from node.cli.findings import checked_draft, show_findings
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.home import Home
from policies.requests.draft import Draft


@click.command()
@click.argument("draft", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--patience", type=click.FloatRange(0), default=60.0, show_default=True, metavar="SECONDS",
    help="How long to wait until the addressees can read it; after that the bridge goes on.",
)  # fmt: skip
@as_option
@home_option
@json_option
def issue(draft: Path, patience: float, user: str | None, home: str | None, as_json: bool) -> int:
    """Issue DRAFT as the Court's organ: check, sign, open its room, and post it to the focal points.

    Exits 1 and lists everything that is missing or wrong, by article, when the draft is not in order.
    """
    read, result = checked_draft(draft, "en")
    if read is None or not result.ok:
        if as_json:
            print_json(result.as_object())
        show_findings(result, "en", err=True)
        return 1
    issued, addressees = asyncio.run(_issue(chosen_home(home), user, read, patience))
    if as_json:
        print_json({"id": issued.id, "room_id": issued.room_id, "event_id": issued.event_id})
    else:
        to = ", ".join(single_line(each, most_characters=255) for each in addressees)
        state = "delivered" if issued.delivered else "issued, and posted once it can be read"
        click.echo(f"{issued.id} {state}, to {to}")
    return 0


async def _issue(
    home: Home, user: str | None, draft: Draft, patience: float
) -> tuple[IssuedRequest, tuple[str, ...]]:
    manifest = court_manifest(home, user)
    with contextlib.closing(open_register(home)) as register:
        async with court_bot(home, manifest, register) as bot:
            addressees = await bot.addressees(draft)
            return await bot.issue(draft, addressees, patience=patience), addressees
