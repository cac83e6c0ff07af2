"""A request to compare emoji, in words, with what to type where one is asked."""

from __future__ import annotations

from client.session.events import TimelineEvent
from client.views.safe_text import single_line

REQUEST = "m.key.verification.request"


def verification_words(event: TimelineEvent, reader: str) -> str | None:
    """Say who asks whom, and to `reader` how to answer; None where the event is no such request."""
    if event.content.get("msgtype") != REQUEST:
        return None
    sender = single_line(event.sender, most_characters=255)
    whom = event.content.get("to")
    if whom == reader and event.sender != reader:
        return f"Asks to compare emoji with you. Within ten minutes: `rogatory verify {sender}`"
    named = single_line(whom, most_characters=255) if isinstance(whom, str) else "somebody"
    return f"Asked {named} to compare emoji."


def is_between_the_clients(event: TimelineEvent) -> bool:
    """Say whether an event is a step of a verification, which says nothing to a person."""
    return event.type.startswith("m.key.verification.")
