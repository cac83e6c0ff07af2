"""`rogatory rooms, send, listen`: a session without a screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from difflib import get_close_matches
from typing import TypeVar

import click

from client.session.errors import SessionError, UnknownRoom
from client.session.events import Membership, RoomSummary
from client.session.face import Session
from client.session.owned_tasks import OwnedTasks
from client.views.safe_text import single_line
from node.cli.connection_line import ConnectionLine, tell_connection
from node.cli.event_lines import EventLines
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.sessions import chosen_account, session_of
from node.errors import SendingInterrupted
from node.home import Home

Result = TypeVar("Result")


@click.command()
@click.option("--join", metavar="ROOM", help="Join a room, by id or alias.")
@click.option("--leave", metavar="ROOM", help="Leave a room, or reject its invitation.")
@as_option
@home_option
@json_option
def rooms(join: str | None, leave: str | None, user: str | None, home: str | None, as_json: bool) -> None:
    """List the account's rooms and pending invitations; join one or leave one first."""

    async def work(session: Session) -> list[RoomSummary]:
        if join is not None:
            await session.join(join)
        if leave is not None:
            await session.leave(leave)
        return list(await session.rooms())

    found = _in_session(chosen_home(home), user, work)
    if as_json:
        print_json({"rooms": [_room(room) for room in found]})
        return
    for room in found:
        kind = "space" if room.is_space else "encrypted" if room.encrypted else "NOT ENCRYPTED"
        unread = f"{room.unread} new" if room.unread else ""
        click.echo(f"{room.membership:<7} {kind:<13} {unread:<8} {single_line(room.name)}  {room.room_id}")


@click.command()
@click.argument("room")
@click.argument("text")
@as_option
@home_option
@json_option
def send(room: str, text: str, user: str | None, home: str | None, as_json: bool) -> None:
    """Send TEXT, encrypted, to ROOM: its name, id or alias.

    With `-` as TEXT it is read from standard input. The command ends once the homeserver has the message;
    while that does not answer, the message waits in the outbox.
    """
    body = _text(sys.stdin.buffer.read() if text == "-" else os.fsencode(text))
    queued = False

    async def work(session: Session) -> dict[str, str]:
        nonlocal queued
        room_id = await _room_id(session, room)
        queued = True
        name = f"send-{secrets.token_hex(12)}"
        try:
            sent = await session.send(room_id, {"msgtype": "m.text", "body": body}, transaction_id=name)
        except SessionError:  # who typed it is told here, and needs no copy to decide about
            with contextlib.suppress(SessionError):
                await session.discard(name)
            raise
        return {"room_id": sent.room_id, "event_id": sent.event_id}

    try:
        sent = _in_session(chosen_home(home), user, work)
    except KeyboardInterrupt:
        if not queued:
            raise
        raise SendingInterrupted(
            "Interrupted before the homeserver had the message.",
            why="It is kept in the outbox, and goes out when this account is used the next time.",
            remedy="Do not send it again; `rogatory listen` connects the account.",
        ) from None
    if as_json:
        print_json(sent)
    else:
        click.echo(f"Sent: {sent['event_id']}")


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
        while True:
            for event in await session.new_events():
                lines.show(event)
            try:
                await anext(updates)
            except StopAsyncIteration:
                return

    try:
        _in_session(chosen_home(home), user, work, status)
    finally:
        status.clear()


def _in_session(
    home: Home,
    user: str | None,
    work: Callable[[Session], Awaitable[Result]],
    status: ConnectionLine | None = None,
) -> Result:
    account = chosen_account(home, user)

    async def run() -> Result:
        async with session_of(home, account) as session, OwnedTasks() as tasks:
            tasks.begin(tell_connection(session, account.homeserver, status))
            return await work(session)

    return asyncio.run(run())


def _text(given: bytes) -> str:
    """Return the text to send. Raises UsageError for what is none: nobody could show it as it was meant."""
    try:
        text = given.decode()
    except UnicodeDecodeError:
        raise click.UsageError("The text is not UTF-8.") from None
    if not text.strip():
        raise click.UsageError("There is no text to send.")
    return text


async def _room_id(session: Session, room: str) -> str:
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
        "unread": room.unread,
        "space": room.is_space,
        "alias": room.canonical_alias,
    }
