"""The words of the status line: what is true of the connection now."""

from __future__ import annotations

from client.session.events import Connection


def connection_words(connection: Connection, remaining: int = 0) -> str:
    """Say how the session stands; `remaining` events are still to be fetched while catching up."""
    match connection:
        case Connection.STARTING:
            return "starting"
        case Connection.LIVE:
            return "live"
        case Connection.OFFLINE:
            return "offline, trying again"
        case Connection.LOGGED_OUT:
            return "logged out: run `rogatory login`; what is stored stays readable"
        case Connection.CATCHING_UP:
            return f"catching up, {remaining:,} to go" if remaining > 0 else "catching up"


def sending_words(unsent: int) -> str:
    """Say how many messages the server has not accepted yet; nothing when there are none."""
    if unsent <= 0:
        return ""
    return "sending" if unsent == 1 else f"sending {unsent:,}"
