"""`rogatory search`: finding messages in what this machine has stored, also without a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click

from client.session.events import SearchHit
from client.session.face import Session
from client.views.safe_text import single_line
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.sessions import in_session

_LONGEST_TEXT = 2_000
"""The most characters that are shown of one message; `--json` has it whole."""


@click.command()
@click.argument("query")
@click.option(
    "--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="At most so many messages."
)
@as_option
@home_option
@json_option
def search(query: str, limit: int, user: str | None, home: str | None, as_json: bool) -> None:
    """Find the newest messages that have all the words of QUERY, whatever their case and accents.

    A word finds what begins with it; "words in quotation marks" are found as they stand. In QUERY too:
    in:ROOM (id, alias or name), from:USER (id, or the part before the colon), after:2026-10-01,
    before:2026-11-01.
    """
    try:
        query.encode()
    except UnicodeEncodeError:
        raise click.UsageError("The query is not UTF-8.") from None

    async def work(session: Session) -> tuple[Sequence[SearchHit], Mapping[str, str]]:
        hits = await session.search(query, limit=limit)
        return hits, {room.room_id: room.name for room in await session.rooms()}

    hits, names = in_session(chosen_home(home), user, work)
    if not hits:
        click.echo("No message that is stored on this machine has all of that.", err=True)
    if as_json:
        print_json({"hits": [_hit(hit) for hit in hits]})
        return
    for hit in hits:
        room = single_line(names.get(hit.room_id, hit.room_id))
        sender = single_line(hit.sender, most_characters=255)
        click.echo(f"{_moment(hit.sent_at)}  {room}  {sender} ({hit.trust})")
        click.echo(f"    {single_line(hit.body, most_characters=_LONGEST_TEXT, empty='')}")


def _hit(hit: SearchHit) -> dict[str, object]:
    return {
        "room_id": hit.room_id,
        "event_id": hit.event_id,
        "sender": hit.sender,
        "sent_at": hit.sent_at,
        "body": hit.body,
    }


def _moment(sent_at: int) -> str:
    """Return the time here; of one that no calendar has, that it is not known."""
    try:
        return f"{datetime.fromtimestamp(sent_at / 1000, UTC).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "(time not known)"
