"""A lock that dies with its process: flock on a file, released by the kernel even after kill -9."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock; msvcrt locks a byte instead
    fcntl = None  # type: ignore[assignment] # the name stays, its use is guarded
    import msvcrt


class Locked(Exception):
    """The lock is held. `holder` is the process id that its holder wrote down, or None."""

    def __init__(self, path: Path, holder: int | None) -> None:
        super().__init__(f"{path} is locked by process {holder}")
        self.path = path
        self.holder = holder


class FileLock:
    """Held from `acquire` to `release`, or to the end of the process. The file itself stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, and write down our process id. Raises Locked."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(descriptor)
        except OSError:
            holder = os.read(descriptor, 32).strip()
            os.close(descriptor)
            raise Locked(self._path, int(holder) if holder.isdigit() else None) from None
        self._descriptor = descriptor
        os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):  # the disk is full: it is held all the same, by nobody knows whom
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the lock up; calling it twice is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> FileLock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
