"""The words of the status line: what is true of the connection now."""

from __future__ import annotations

from client.session.events import Connection, ConnectionChanged


def connection_words(told: ConnectionChanged) -> str:
    """Say how the session stands, and what it has still to take in as far as that is known."""
    match told.connection:
        case Connection.STARTING:
            return "starting"
        case Connection.LIVE:
            return "live"
        case Connection.OFFLINE:
            return "offline, trying again"
        case Connection.LOGGED_OUT:
            return "logged out: run `rogatory login`; what is stored stays readable"
        case Connection.CATCHING_UP:
            return _catching_up(told)


def _catching_up(told: ConnectionChanged) -> str:
    words = "catching up"
    if told.remaining > 0:
        words += f", {told.total - told.remaining:,} of {told.total:,}"
    if told.rooms > 0:
        words += f", more in {told.rooms:,} room{'s' if told.rooms > 1 else ''}"
    return words


def sending_words(unsent: int) -> str:
    """Say how many messages the server has not accepted yet; nothing when there are none."""
    if unsent <= 0:
        return ""
    return "sending" if unsent == 1 else f"sending {unsent:,}"
