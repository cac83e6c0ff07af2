"""What commands ask of a home's supervisor. Light on purpose: no asyncio, no msgspec, psutil if needed.

`folder` is the home's folder `supervisor`. A command that runs asyncio anyway starts children with
node.supervisor.starting, which can be cancelled.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from client.session.local.lock import FileLock, Locked
from node.supervisor.connection import NoSupervisor, connect, connect_or_launch, silent
from node.supervisor.files import control_path, lock_path, records_path
from node.supervisor.protocol import (
    Report,
    ignore,
    read_status,
    restart_request,
    shutdown_request,
    start_request,
    status_request,
    stop_request,
)
from node.supervisor.specification import ChildSpecification
from node.supervisor.status import ChildState, ChildStatus, SupervisorStatus

START_SECONDS = 120.0
"""How long the health of a child is awaited unless the caller says otherwise."""
_STATUS_SECONDS = 5.0
_SHUTDOWN_SECONDS = 60.0
_POLL_SECONDS = 0.01


def ensure_supervisor(folder: Path) -> int:
    """Return the process id of the supervisor of `folder`, after starting one if there is none."""
    with connect_or_launch(folder) as connection:
        return connection.pid


def start(
    folder: Path,
    specifications: Iterable[ChildSpecification],
    *,
    wait_seconds: float | None = START_SECONDS,
    report: Report = ignore,
) -> None:
    """Start children, and the supervisor if need be, and wait until all are healthy (None: do not wait).

    One that already runs with the same specification stays. One that fails leaves the others running. Raises
    SynapseDied, SynapseSilent, PortTaken, SupervisorUnreachable.
    """
    with connect_or_launch(folder) as connection:
        connection.ask(start_request(specifications, wait_seconds), report=report)


def restart(
    folder: Path, name: str, *, wait_seconds: float | None = START_SECONDS, report: Report = ignore
) -> None:
    """Stop a child and start it again as it was. Raises as `start` does, and NodeError for an unknown one."""
    with connect_or_launch(folder) as connection:
        connection.ask(restart_request(name, wait_seconds), report=report)


def stop(folder: Path, names: Iterable[str] | None = None) -> tuple[str, ...]:
    """Stop the named children, or all, and return the names of those that ran."""
    try:
        connection = connect(folder)
    except NoSupervisor:
        return ()
    with connection:
        return _names(connection.ask(stop_request(names)))


def status(folder: Path) -> SupervisorStatus:
    """Say how each child is, asked just now. Raises SupervisorUnreachable when the supervisor is stuck.

    Without a supervisor nothing runs, but for what a killed one has left behind and is still ending.
    """
    try:
        connection = connect(folder)
    except NoSupervisor:
        return SupervisorStatus(None, _left_behind(folder))
    with connection:
        return read_status(connection.ask(status_request(), limit_seconds=_STATUS_SECONDS))


def shutdown(folder: Path) -> tuple[str, ...]:
    """Stop all children and the supervisor; return the names of those that ran. It is gone on return.

    Also ends what a killed supervisor has left behind, and nothing else.
    """
    deadline = time.monotonic() + _SHUTDOWN_SECONDS
    stopped: tuple[str, ...] = ()
    ended: int | None = None
    while True:
        try:
            with connect(folder) as connection:
                if connection.pid != ended:
                    stopped += _names(connection.ask(shutdown_request()))
                ended = connection.pid
        except NoSupervisor:
            pass
        try:
            with FileLock(lock_path(folder)):
                left_behind = _end_left_behind(folder)
                control_path(folder).unlink(missing_ok=True)  # a killed supervisor could not
                return stopped + left_behind
        except FileNotFoundError:
            return stopped  # there is no such folder, so there never was a supervisor
        except Locked as held:
            if ended is not None and held.holder != ended:
                return stopped  # somebody has started the next one
            if time.monotonic() > deadline:
                raise silent(held.holder) from None
        time.sleep(_POLL_SECONDS)


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list) else ()


def _left_behind(folder: Path) -> tuple[ChildStatus, ...]:
    path = records_path(folder)
    if not path.exists():
        return ()
    from node.supervisor.records import read_records  # psutil: only after a supervisor was killed

    found = (record for record in read_records(path) if record.process() is not None)
    detail = "its supervisor was killed"
    return tuple(
        ChildStatus(each.name, ChildState.LEFT_BEHIND, detail, pid=each.pid)
        for each in sorted(found, key=lambda record: record.name)
    )


def _end_left_behind(folder: Path) -> tuple[str, ...]:
    path = records_path(folder)
    if not path.exists():
        return ()
    from node.supervisor.records import end_left_behind

    return tuple(record.name for record in end_left_behind(path))
