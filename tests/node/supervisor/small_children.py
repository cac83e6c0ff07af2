"""What the supervisor's tests share: small children, and waiting for what must become true."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from node.supervisor.control import status
from node.supervisor.specification import ChildSpecification, Patience
from node.supervisor.status import ChildState, ChildStatus

_SERVER = Path(__file__).with_name("small_server.py")
_DEADLINE_SECONDS = 30.0

QUICK = Patience(restart_first=0.05, restart_longest=0.2, restart_reset=600.0, stop=2.0, answer=1.5)
"""Restarts almost at once, so that no test waits; the defaults are for people."""

Found = TypeVar("Found")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def small_server(
    folder: Path, name: str = "africa", *how: str, port: int | None = None, patience: Patience = QUICK
) -> ChildSpecification:
    working = folder.parent / name
    working.mkdir(exist_ok=True)
    port = port or free_port()
    return ChildSpecification(
        name,
        (sys.executable, str(_SERVER), str(port), *how),
        working,
        working / "child.log",
        health_url=f"http://127.0.0.1:{port}/health",
        ports=(port,),
        patience=patience,
    )


def until(find: Callable[[], Found | None]) -> Found:
    """Poll until `find` gives something, and return that."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not (found := find()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)
    return found


def child(folder: Path, name: str = "africa") -> ChildStatus:
    found = status(folder).child(name)
    assert found is not None
    return found


def pid_of(folder: Path, name: str = "africa") -> int:
    pid = child(folder, name).pid
    assert pid is not None
    return pid


def until_state(folder: Path, state: ChildState, name: str = "africa") -> ChildStatus:
    def in_state() -> ChildStatus | None:
        found = child(folder, name)
        return found if found.state is state else None

    return until(in_state)


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def until_gone(pid: int) -> None:
    until(lambda: not runs(pid))


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until_gone(pid)


def environment_of(specification: ChildSpecification) -> dict[str, str]:
    found: dict[str, str] = json.loads((specification.working_folder / "environment.json").read_text())
    return found
