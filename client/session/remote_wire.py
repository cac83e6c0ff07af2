"""What two processes of one account say to each other: JSON lines over a socket that only they can open."""

from __future__ import annotations

import asyncio

import msgspec

from client.session import errors
from client.session.errors import HomeserverRefused, SessionError
from client.session.events import ConnectionChanged, RoomChanged, TimelineEvent, Update

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a line: a page of long events fits, a runaway peer does not."""

STOP = "stop"
"""The method by which an asker gives up the question whose number it bears."""


class Ask(msgspec.Struct, kw_only=True):
    """One question: the name of a method of the session's face, and its arguments by name."""

    id: int
    method: str
    arguments: dict[str, msgspec.Raw] = {}


class Failure(msgspec.Struct, kw_only=True):
    """An error, by the name of its class in `client.session.errors`."""

    kind: str
    what: str
    why: str
    remedy: str
    status: int = 0
    errcode: str = ""


class Answer(msgspec.Struct, kw_only=True):
    """The answer to a question, or one update of those that were asked for."""

    id: int
    result: msgspec.Raw = msgspec.Raw(b"null")
    failure: Failure | None = None
    last: bool = True


class WireUpdate(msgspec.Struct, kw_only=True):
    """An update: exactly one of the three is there."""

    event: TimelineEvent | None = None
    room: RoomChanged | None = None
    connection: ConnectionChanged | None = None


def pack_update(update: Update) -> WireUpdate:
    """Return an update as it goes over the wire."""
    if isinstance(update, TimelineEvent):
        return WireUpdate(event=update)
    if isinstance(update, RoomChanged):
        return WireUpdate(room=update)
    return WireUpdate(connection=update)


def pack_failure(error: SessionError) -> Failure:
    """Return an error as it goes over the wire."""
    status, errcode = (error.status, error.errcode) if isinstance(error, HomeserverRefused) else (0, "")
    return Failure(
        kind=type(error).__name__,
        what=error.what,
        why=error.why,
        remedy=error.remedy,
        status=status,
        errcode=errcode,
    )


def unpack_failure(failure: Failure) -> SessionError:
    """Return the error that a failure tells of; of an unknown kind, the root of the tree."""
    kind = getattr(errors, failure.kind, SessionError)
    texts = {"why": failure.why, "remedy": failure.remedy}
    if isinstance(kind, type) and issubclass(kind, HomeserverRefused):
        return kind(failure.what, status=failure.status, errcode=failure.errcode, **texts)
    if isinstance(kind, type) and issubclass(kind, SessionError):
        return kind(failure.what, **texts)
    return SessionError(failure.what, **texts)


def write_line(writer: asyncio.StreamWriter, message: Ask | Answer) -> None:
    """Write one message; the caller drains where it can wait."""
    writer.write(msgspec.json.encode(message) + b"\n")
