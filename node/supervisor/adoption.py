"""Linux only: makes this process the parent of its descendants' orphans.

A template forks a child twice, so that the child loses its parent at once and becomes the supervisor's own:
the supervisor learns from the kernel how it ends, whatever becomes of the template (prctl(2),
PR_SET_CHILD_SUBREAPER).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_PR_SET_CHILD_SUBREAPER = 36
_users = 0


@cache
def can_adopt() -> bool:
    """Return whether this system lets a process adopt, and wait for one that it has not started."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
        _adopt(bool(_users))
    except (OSError, AttributeError):  # an old kernel, a sandbox, or a C library without prctl
        return False
    return True


@contextmanager
def adopting() -> Iterator[None]:
    """Adopt orphans within. Raises OSError where that cannot be.

    Not for good: what a child leaves behind for reasons of its own is for the system's first process to bury.
    """
    global _users
    _adopt(True)
    _users += 1
    try:
        yield
    finally:
        _users -= 1
        if not _users:
            _adopt(False)


def _adopt(wanted: bool) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(wanted), 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
