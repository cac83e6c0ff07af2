"""The processes that a supervisor has started, on disk: so that the next one finds what was left behind.

A process is ours only while its id and its creation time are both as recorded. An id alone proves
nothing: the system gives it to another program once ours has ended.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from client.session.local.private_files import write_private

_VERSION = 1
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Record:
    """A started process: `created` in seconds since the epoch, as psutil gives it."""

    name: str
    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """Return the process if it is still the recorded one and still runs."""
        try:
            process = psutil.Process(self.pid)
            if process.create_time() == self.created and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except psutil.Error:
            pass
        return None


class Records:
    """The file of records. Every change is on disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records: dict[str, Record] = {}

    def add(self, name: str, pid: int) -> None:
        """Record a process that has just been started. Raises OSError when the file cannot be written."""
        try:
            created = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return  # it has ended already; there is nothing to find again
        self._records[name] = Record(name, pid, created)
        self._write()

    def remove(self, name: str) -> None:
        """Forget a process that has ended."""
        if self._records.pop(name, None) is not None:
            self._write()

    def _write(self) -> None:
        children = [vars(record) for record in self._records.values()]
        write_private(self._path, json.dumps({"version": _VERSION, "children": children}) + "\n")


def read_records(path: Path) -> tuple[Record, ...]:
    """Read what the last supervisor wrote. An unreadable file counts as empty: it proves nothing."""
    try:
        children = json.loads(path.read_bytes())["children"]
        return tuple(Record(str(each["name"]), int(each["pid"]), float(each["created"])) for each in children)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def end_left_behind(path: Path, *, patience_seconds: float = 3.0) -> tuple[Record, ...]:
    """End every recorded process that still runs, and return those that had to be killed.

    For the holder of the supervisor's lock only. Our children end by themselves when their supervisor dies,
    so they get `patience_seconds` first; a suspended process cannot, and is killed at once.
    """
    deadline = time.monotonic() + patience_seconds
    while (running := _running(path)) and time.monotonic() < deadline:
        if all(_is_suspended(process) for _, process in running):
            break
        time.sleep(_POLL_SECONDS)
    for _, process in running:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    killed = tuple(record for record, _ in running)
    deadline = time.monotonic() + patience_seconds
    while _running(path) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    path.unlink(missing_ok=True)
    return killed


def _running(path: Path) -> list[tuple[Record, psutil.Process]]:
    found = ((record, record.process()) for record in read_records(path))
    return [(record, process) for record, process in found if process is not None]


def _is_suspended(process: psutil.Process) -> bool:
    try:
        return process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.NoSuchProcess:
        return True
