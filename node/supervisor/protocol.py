"""The client's half of the control socket's language: one JSON object a line (see node.supervisor.requests).

Standard library only, and little of it: `rogatory status` is quick because of this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from node.errors import NodeError, PortTaken, SupervisorUnreachable, SynapseDied, SynapseSilent
from node.supervisor.specification import ChildSpecification
from node.supervisor.status import ChildEvent, ChildState, ChildStatus, Progress, SupervisorStatus

Report = Callable[[Progress], None]

_ERRORS: dict[str, type[NodeError]] = {
    kind.__name__: kind for kind in (NodeError, PortTaken, SupervisorUnreachable, SynapseDied, SynapseSilent)
}


@dataclass(frozen=True)
class Result:
    """What a request ended with."""

    value: object


def ignore(_: Progress) -> None:
    """Take note of no progress."""


def start_request(specifications: Iterable[ChildSpecification], wait_seconds: float | None) -> bytes:
    """Return the line that asks to start these children."""
    return _line("start", specifications=[asdict(each) for each in specifications], wait_seconds=wait_seconds)


def stop_request(names: Iterable[str] | None) -> bytes:
    """Return the line that asks to stop these children, or all."""
    return _line("stop", names=None if names is None else list(names))


def restart_request(name: str, wait_seconds: float | None) -> bytes:
    """Return the line that asks to restart one child."""
    return _line("restart", name=name, wait_seconds=wait_seconds)


def status_request() -> bytes:
    """Return the line that asks how everything is."""
    return _line("status")


def shutdown_request() -> bytes:
    """Return the line that asks the supervisor to stop all children and end."""
    return _line("shutdown")


def read_answer(line: bytes, report: Report) -> Result | None:
    """Read one line of an answer: hand progress to `report`, and return the result if it is the last line.

    Raises the NodeError that the supervisor raised; SupervisorUnreachable when the line is none of ours or
    the connection ended.
    """
    if not line:
        raise SupervisorUnreachable(
            "The supervisor ended while it worked.",
            why="Its process was ended from outside.",
            remedy="Try again.",
        )
    try:
        answer = _parse(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _unreadable() from None
    if isinstance(answer, NodeError):
        raise answer
    if isinstance(answer, Progress):
        report(answer)
        return None
    return answer


def _parse(answer: dict[str, object]) -> Progress | Result | NodeError:
    if "result" in answer:
        return Result(answer["result"])
    kind, said = next(iter(answer.items()), ("", None))
    if not isinstance(said, dict):
        raise TypeError
    if kind == "progress":
        return Progress(said["name"], ChildEvent(said["event"]), said["detail"], said["seconds"])
    if kind == "error":
        return _ERRORS.get(said["kind"], NodeError)(said["what"], why=said["why"], remedy=said["remedy"])
    raise KeyError(kind)


def read_greeting(line: bytes) -> int:
    """Return the process id in the supervisor's first line. Raises SupervisorUnreachable."""
    try:
        return int(json.loads(line)["supervisor"])
    except (ValueError, KeyError, TypeError):
        raise SupervisorUnreachable(
            "The supervisor does not answer.", why="It ended just now.", remedy="Try again."
        ) from None


def read_status(value: object) -> SupervisorStatus:
    """Return the status that a result holds. Raises SupervisorUnreachable."""
    try:
        if not isinstance(value, dict):
            raise TypeError
        children = (
            ChildStatus(each["name"], ChildState(each["state"]), each["detail"], each["since"], each["pid"])
            for each in value["children"]
        )
        return SupervisorStatus(value["pid"], tuple(children))
    except (ValueError, KeyError, TypeError):
        raise _unreadable() from None


def _unreadable() -> SupervisorUnreachable:
    return SupervisorUnreachable(
        "The supervisor's answer is not readable.",
        why="It may be of another version.",
        remedy="Run `rogatory down`, then try again.",
    )


def _line(operation: str, **content: object) -> bytes:
    return json.dumps({"operation": operation, **content}, default=_plain).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not occur in a request")
