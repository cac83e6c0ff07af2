"""What the outbox says of a message that was not sent, in words for the person who wrote it."""

from __future__ import annotations

from client.session.errors import (
    HomeserverRefused,
    HomeserverUnreachable,
    LimitExceeded,
    MessageDiscarded,
    MessageTooLarge,
    NotAllowed,
    SessionError,
    UnknownMessage,
)

_REMEDIES = {
    MessageTooLarge: "Send it in parts.",
    NotAllowed: "Ask a moderator whether you may write there, then send it again.",
    LimitExceeded: "Wait a while, then send it again.",
}
_ANY_OTHER = "Send it again later; if it persists, ask who runs the homeserver."
_DOWN = frozenset({502, 503, 504})
"""A proxy before a server that is down: as good as no answer, so the message waits without a limit."""


def is_no_answer(error: SessionError) -> bool:
    """Tell whether an error says that the homeserver is not there, and nothing about what was asked of it."""
    return isinstance(error, HomeserverUnreachable) or (
        isinstance(error, HomeserverRefused) and error.status in _DOWN
    )


def refused(room_id: str, error: HomeserverRefused) -> HomeserverRefused:
    """Return the homeserver's refusal of a message as one of the same kind that names no request."""
    return type(error)(
        f"A message to {room_id} was not sent.",
        why=error.why.replace("It answered", "The homeserver answered", 1),
        remedy=_REMEDIES.get(type(error), _ANY_OTHER),
        status=error.status,
        errcode=error.errcode,
    )


def discarded() -> SessionError:
    """Return what whoever waits for a message hears when it is discarded."""
    return MessageDiscarded(
        "The message was discarded before it was sent.",
        why="You have said so, perhaps in another window.",
        remedy="Write it again if it shall be sent after all.",
    )


def unknown_message(transaction_id: str) -> SessionError:
    """Return the refusal of a message that is not in the outbox."""
    return UnknownMessage(
        f"There is no message {transaction_id!r} in the outbox.",
        why="It was sent meanwhile, or discarded.",
        remedy="See the room's timeline.",
    )
