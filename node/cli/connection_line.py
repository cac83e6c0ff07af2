"""What a verb without a screen says of its connection, on standard error.

On a terminal it is one line that changes in its place, as a status line does; elsewhere a line for each thing
that a reader of a log wants to know, and no counting.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import click

from client.session.events import Connection, ConnectionChanged
from client.session.face import Session
from client.views.status import connection_words

_ERASE = "\r\x1b[2K"


class ConnectionLine:
    """The status line; what else is printed goes above it, within `away`."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, words: str) -> None:
        """Show some words in place of what is shown, nothing where they are empty."""
        if words != self._shown:
            self.clear()
            self._shown = words
            self._write(words)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write(_ERASE)
            self._shown = ""

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Make way for something that is printed, and come back below it."""
        words = self._shown
        self.clear()
        try:
            yield
        finally:
            self.show(words)

    def _write(self, text: str) -> None:
        click.echo(text, err=True, nl=False)


async def tell_connection(session: Session, homeserver: str, line: ConnectionLine | None = None) -> None:
    """Say how the connection stands until the session closes; `line` is where, on a terminal."""
    if line is not None and sys.stderr.isatty():
        async for update in session.updates():
            if isinstance(update, ConnectionChanged):
                is_live = update.connection is Connection.LIVE
                line.show("" if is_live else f"● {connection_words(update)}")
        return
    before = Connection.LIVE
    async for update in session.updates():
        if isinstance(update, ConnectionChanged) and update.connection is not before:
            if words := _in_a_log(update.connection, before, homeserver):
                click.echo(words, err=True)
            before = update.connection


def _in_a_log(now: Connection, before: Connection, homeserver: str) -> str:
    match now:
        case Connection.OFFLINE:
            return f"The homeserver at {homeserver} does not answer; waiting for it."
        case Connection.CATCHING_UP:
            return "Catching up with what was missed."
        case Connection.LIVE if before is Connection.OFFLINE:
            return "The homeserver answers again."
        case Connection.LIVE if before is Connection.CATCHING_UP:
            return "Everything is here."
    return ""
