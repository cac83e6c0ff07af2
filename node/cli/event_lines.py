"""How `rogatory listen` prints an event: a line, and below it what to know of its sender, once."""

from __future__ import annotations

import click
import msgspec

from client.session.events import TimelineEvent
from client.views import trust_words
from client.views.attachment_words import attachment_words, caption
from client.views.safe_text import single_line
from client.views.verification_words import is_between_the_clients, verification_words
from node.cli.connection_line import ConnectionLine
from node.cli.options import print_json

_LONGEST_LINE = 20_000
"""The most characters that are shown of one text; `--json` has it whole."""


class EventLines:
    """Prints events, above the status line where there is one."""

    def __init__(self, user_id: str, status: ConnectionLine, *, as_json: bool) -> None:
        self._user_id = user_id
        self._status = status
        self._as_json = as_json
        self._explained: set[tuple[str, str, str]] = set()

    def show(self, event: TimelineEvent) -> None:
        """Print one event."""
        with self._status.away():
            self._print(event)

    def _print(self, event: TimelineEvent) -> None:
        if self._as_json:
            value = msgspec.to_builtins(event)
            del value["position"]
            print_json(value)
            return
        if is_between_the_clients(event):
            return
        text = verification_words(event, self._user_id) or event.body or f"[{event.reason or event.type}]"
        if event.type == "m.room.message" and (file := attachment_words(event.content)) is not None:
            text = f"{file}, {event.event_id} {caption(event.content) or ''}"
        sender = single_line(event.sender, most_characters=255)
        shown = single_line(text, most_characters=_LONGEST_LINE, empty="")
        click.echo(f"{event.room_id} {sender} ({trust_words.badge(event.trust)}): {shown}")
        self._explain(event)

    def _explain(self, event: TimelineEvent) -> None:
        """Say why a sender is not certain and what to do about it; the same thing is said once a run."""
        remedy = trust_words.remedy(event)
        name = (event.sender, event.trust.value, event.reason or "")
        if remedy and name not in self._explained:
            self._explained.add(name)
            click.echo(f"  why: {trust_words.why(event)}")
            click.echo(f"  do:  {remedy}")
