"""`rogatory save`: the file that a message brought, checked and written where a person wants it."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from client.session.events import SavedFile
from client.session.face import Session
from client.views.attachment_words import size_words
from client.views.safe_text import single_line
from node.cli.messages import room_id_of
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.sessions import in_session
from node.cli.transfer import shown_transfer


@click.command()
@click.argument("room")
@click.argument("event")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    default=".",
    metavar="PATH",
    help="The file to write, or a folder (default: this one).",
)
@click.option("--replace", is_flag=True, help="Overwrite the file if there is one.")
@as_option
@home_option
@json_option
def save(
    room: str, event: str, target: Path, replace: bool, user: str | None, home: str | None, as_json: bool
) -> None:
    """Save the file that the message EVENT brought to ROOM; `rogatory listen` shows its id.

    In a folder it gets the name that its sender gave it, made harmless. The file is saved only if it is the
    very one that the sender encrypted, and for you alone (0600). Who sent it, `listen` says.
    """
    event_id = event if event.startswith("$") else f"${event}"  # a shell may have taken the dollar sign

    async def work(session: Session) -> SavedFile:
        room_id = await room_id_of(session, room)
        with shown_transfer("Fetching the file") as progress:
            return await session.save_attachment(
                room_id, event_id, target, replace=replace, progress=progress
            )

    saved = in_session(chosen_home(home), user, work)
    if as_json:
        print_json(msgspec.to_builtins(saved))
        return
    path = single_line(saved.path, most_characters=4096)
    click.echo(f"Saved: {path}  {size_words(saved.size)}  sha256 {saved.sha256}")
