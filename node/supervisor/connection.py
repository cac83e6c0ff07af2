"""A connection to a home's supervisor, and how one comes to be."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import BinaryIO

from client.session.local.lock import FileLock, Locked
from node.errors import SupervisorUnreachable
from node.supervisor.files import control_path, lock_path
from node.supervisor.protocol import Report, ignore, read_answer, read_greeting

_GREETING_SECONDS = 5.0
_LAUNCH_SECONDS = 30.0
_LONGEST_LINE = 4 * 1024 * 1024


class NoSupervisor(Exception):
    """Nobody takes orders for that folder."""


class Connection:
    """An open connection, for one request. `pid` is the supervisor's process id."""

    def __init__(self, connected: socket.socket, answers: BinaryIO, pid: int) -> None:
        self.socket = connected
        self.pid = pid
        self._answers = answers

    def ask(self, request: bytes, *, report: Report = ignore, limit_seconds: float | None = None) -> object:
        """Send `request`, hand on what is reported, and return its result.

        `limit_seconds` without a word from the supervisor raise SupervisorUnreachable; so does its end. The
        NodeError that the request ended with is raised as it is.
        """
        self.socket.settimeout(limit_seconds)
        try:
            self.socket.sendall(request)
            while (result := read_answer(self._answers.readline(_LONGEST_LINE), report)) is None:
                pass
        except TimeoutError:
            raise silent(self.pid) from None
        except OSError:
            read_answer(b"", report)  # raises: the supervisor ended
            raise
        return result.value

    def close(self) -> None:
        """Hang up. What was asked for goes on in the supervisor."""
        self._answers.close()
        self.socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(folder: Path) -> Connection:
    """Connect to the supervisor of `folder`. Raises NoSupervisor; SupervisorUnreachable if it is stuck."""
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.settimeout(_GREETING_SECONDS)
        connected.connect(str(control_path(folder)))
        answers = connected.makefile("rb")
        return Connection(connected, answers, read_greeting(answers.readline(_LONGEST_LINE)))
    except TimeoutError:
        connected.close()
        raise silent(lock_holder(folder)) from None
    except (FileNotFoundError, ConnectionError):
        connected.close()
        raise NoSupervisor from None
    except BaseException:  # also when cancelled: cleaned up, then raised again
        connected.close()
        raise


def connect_or_launch(folder: Path) -> Connection:
    """Connect, after starting a supervisor if there is none. Raises SupervisorUnreachable."""
    deadline = time.monotonic() + _LAUNCH_SECONDS
    while True:
        try:
            return connect(folder)
        except NoSupervisor:
            from node.supervisor.launch import launch, wait_while_held  # not needed to ask one that runs

            said = launch(folder)
            if said == "held":
                wait_while_held(deadline)
            elif said != "ready":
                raise SupervisorUnreachable(
                    "The supervisor could not be started.",
                    why="Its process ended at once.",
                    remedy=f"Read {folder / 'supervisor.log'}.",
                ) from None


def lock_holder(folder: Path) -> int | None:
    """Return the process that holds the supervisor's lock, or None when it is free."""
    try:
        with FileLock(lock_path(folder)):
            return None
    except Locked as held:
        return held.holder


def silent(pid: int | None) -> SupervisorUnreachable:
    """Return the error for a supervisor that runs and says nothing."""
    return SupervisorUnreachable(
        "The supervisor does not answer.",
        why=f"Its process {pid} runs, but is suspended or stuck.",
        remedy=f"End it (kill -9 {pid}); what it started ends with it. Then try again.",
    )
