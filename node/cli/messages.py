"""`rogatory rooms, send, listen`: a session without a screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Awaitable
from difflib import get_close_matches
from pathlib import Path

import click

from client.session.errors import LoggedOut, SessionError, StoreError, UnknownRoom
from client.session.events import (
    Connection,
    ConnectionChanged,
    Content,
    Membership,
    RoomSummary,
    SentEvent,
    TransferProgress,
    Update,
)
from client.session.face import Session
from client.session.login import device_logged_out
from client.views.safe_text import single_line
from node.cli.connection_line import ConnectionLine
from node.cli.event_lines import EventLines
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.sessions import in_session, tell_if_logged_out
from node.cli.transfer import shown_transfer
from node.errors import SendingInterrupted


@click.command()
@click.option("--join", metavar="ROOM", help="Join a room, by id or alias.")
@click.option("--leave", metavar="ROOM", help="Leave a room, or reject its invitation.")
@click.option("--invite", nargs=2, metavar="USER ROOM", help="Invite @localpart:server to a room.")
@click.option("--seal", metavar="ROOM", help="Send to a room's verified or attested members only, for good.")
@as_option
@home_option
@json_option
def rooms(
    join: str | None,
    leave: str | None,
    invite: tuple[str, str] | None,
    seal: str | None,
    user: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """List the account's rooms and pending invitations; join, leave, seal one or invite to one first.

    Who is invited reads what is written from then on, where the room's history is open to the invited.
    """
    if invite is not None and not (invite[0].startswith("@") and ":" in invite[0]):
        raise click.UsageError(f"{invite[0]!r} is no user id. It is spelt @localpart:server.")

    async def work(session: Session) -> list[RoomSummary]:
        await tell_if_logged_out(session)
        if join is not None:
            await session.join(join)
        if leave is not None:
            await session.leave(leave)
        if invite is not None:
            await session.invite(await room_id_of(session, invite[1]), invite[0])
        if seal is not None:
            await session.seal(await room_id_of(session, seal))
        return list(await session.rooms())

    found = in_session(chosen_home(home), user, work)
    if as_json:
        print_json({"rooms": [_room(room) for room in found]})
        return
    for room in found:
        protection = "sealed" if room.sealed else "encrypted"
        kind = "space" if room.is_space else protection if room.encrypted else "NOT ENCRYPTED"
        unread = f"{room.unread} new" if room.unread else ""
        click.echo(f"{room.membership:<7} {kind:<13} {unread:<8} {single_line(room.name)}  {room.room_id}")


@click.command()
@click.argument("room")
@click.argument("text", required=False)
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Send this file, with TEXT as its caption.",
)
@as_option
@home_option
@json_option
def send(
    room: str, text: str | None, file: Path | None, user: str | None, home: str | None, as_json: bool
) -> None:
    """Send TEXT, or a file, encrypted, to ROOM: its name, id or alias.

    With `-` as TEXT it is read from standard input. The command ends once the homeserver has the message;
    while that does not answer, the message waits in the outbox, a file with it.
    """
    if text is None and file is None:
        raise click.UsageError("Say what to send: TEXT, --file PATH, or both.")
    body = None if text is None else _text(sys.stdin.buffer.read() if text == "-" else os.fsencode(text))
    name = f"send-{secrets.token_hex(12)}"
    queued = False
    done: dict[str, str] = {}

    async def work(session: Session) -> None:
        nonlocal queued
        room_id = await room_id_of(session, room)
        try:
            if file is not None:
                with shown_transfer(f"Sending {file.name}") as transfer:
                    sending = session.send_file(
                        room_id, file, caption=body, progress=noted(transfer), transaction_id=name
                    )
                    sent = await _sent_or_dropped(session, sending, name)
            else:
                queued = True
                content: Content = {"msgtype": "m.text", "body": body}
                sent = await _sent_or_dropped(
                    session, session.send(room_id, content, transaction_id=name), name
                )
        except asyncio.CancelledError:
            queued = queued or await _is_queued(session, name)
            raise
        done.update({"room_id": sent.room_id, "event_id": sent.event_id})

    def noted(transfer: TransferProgress) -> TransferProgress:
        def note(done: int, total: int | None) -> None:
            nonlocal queued
            queued = done == total
            transfer(done, total)

        return note

    try:
        in_session(chosen_home(home), user, work)
    except StoreError as error:
        if not done:
            raise
        click.echo(f"{error.what} {error.remedy}", err=True)  # the homeserver has the message
    except KeyboardInterrupt:
        if not queued:
            raise
        raise SendingInterrupted(
            "Interrupted before the homeserver had the message.",
            why="It is kept in the outbox, and goes out when this account is used the next time.",
            remedy="Do not send it again; `rogatory listen` connects the account.",
        ) from None
    if as_json:
        print_json(done)
    else:
        click.echo(f"Sent: {done['event_id']}")


@click.command()
@as_option
@home_option
@json_option
def listen(user: str | None, home: str | None, as_json: bool) -> None:
    """Print what has come since the last `listen`, then what comes, until Ctrl-C.

    One event a line: the room, the sender, how far the sender's keys are trusted, the text. Where that is not
    certain, the first time two lines below it say why, and what to do.
    """
    status = ConnectionLine()

    async def work(session: Session) -> None:
        lines = EventLines(session.user_id, status, as_json=as_json)
        updates = session.updates()  # before the first look, so that nothing falls between the two
        update: Update | None = None
        while True:
            while events := await session.new_events():  # asked again, the session knows that they are shown
                for event in events:
                    lines.show(event)
            if isinstance(update, ConnectionChanged) and update.connection is Connection.LOGGED_OUT:
                raise device_logged_out(session.user_id)
            update = await anext(updates, None)
            if update is None:
                return

    try:
        in_session(chosen_home(home), user, work, status)
    finally:
        status.clear()


async def _sent_or_dropped(session: Session, sending: Awaitable[SentEvent], name: str) -> SentEvent:
    """Send a message; of one that is refused no copy is kept: who typed it is told here, and decides here."""
    try:
        return await sending
    except (LoggedOut, StoreError):
        raise  # it waits, where it was taken
    except SessionError:
        with contextlib.suppress(SessionError):
            await session.discard(name)
        raise


async def _is_queued(session: Session, name: str) -> bool:
    try:
        return any(message.transaction_id == name for message in await session.queued())
    except SessionError:  # the process that held the session has ended
        return False


def _text(given: bytes) -> str:
    """Return the text to send. Raises UsageError for what is none: nobody could show it as it was meant."""
    try:
        text = given.decode()
    except UnicodeDecodeError:
        raise click.UsageError("The text is not UTF-8.") from None
    if not text.strip():
        raise click.UsageError("There is no text to send.")
    return text


async def room_id_of(session: Session, room: str) -> str:
    """Return the id of a room of the account's that is given by its id, its alias or its whole name."""
    if room.startswith("!"):
        return room
    joined = [each for each in await session.rooms() if each.membership is Membership.JOIN]
    named = [each.room_id for each in joined if room in (each.canonical_alias, each.name)]
    if len(named) == 1:
        return named[0]
    if named:
        raise UnknownRoom(
            f"It is not clear which room {room!r} is.",
            why=f"{len(named)} rooms of {session.user_id} have that name.",
            remedy="Give the room's id instead, as `rogatory rooms` shows it.",
        )
    nearest = get_close_matches(room, [each.name for each in joined], n=1)
    raise UnknownRoom(
        f"{session.user_id} is in no room {room!r}.",
        why="No room that it has joined has that name or alias.",
        remedy=f"Did you mean {nearest[0]!r}?"
        if nearest
        else "See `rogatory rooms`; a room's id will do too.",
    )


def _room(room: RoomSummary) -> dict[str, object]:
    return {
        "room_id": room.room_id,
        "name": room.name,
        "membership": room.membership.value,
        "encrypted": room.encrypted,
        "sealed": room.sealed,
        "unread": room.unread,
        "space": room.is_space,
        "alias": room.canonical_alias,
    }
