"""A child that ends when its parent does: the parent holds the write end of a pipe, the child reads it.

The kernel closes the parent's end however the parent dies, kill -9 included: the child always learns of it.
Standard library only: the Synapse plugin uses this inside Synapse, and the bridge in its own process.
"""

from __future__ import annotations

import os
import signal
import stat
import threading
import time

LIFELINE = "ROGATORY_LIFELINE"
"""The environment variable that holds the number of the pipe's read end, inherited from the parent."""

_GRACE_SECONDS = 2.0


def watch_lifeline(*, grace_seconds: float = _GRACE_SECONDS) -> bool:
    """Begin to watch the lifeline, and return whether there is one; without one nothing happens.

    When it ends, this process gets SIGTERM, and SIGKILL if it still runs after `grace_seconds`. The variable
    is taken out of the environment: a process started from here would read a stranger's descriptor.
    Raises ValueError when the variable names no pipe: better not to start than to outlive the parent.
    """
    value = os.environ.pop(LIFELINE, None)
    if value is None:
        return False
    descriptor = _pipe(value)
    os.set_inheritable(descriptor, False)
    threading.Thread(target=_watch, args=(descriptor, grace_seconds), name="lifeline", daemon=True).start()
    return True


def _pipe(value: str) -> int:
    try:
        descriptor = int(value)
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return descriptor
    except (ValueError, OSError):
        pass
    raise ValueError(f"{LIFELINE} is {value!r}, which is no pipe that this process has inherited")


def _watch(descriptor: int, grace_seconds: float) -> None:
    while os.read(descriptor, 64):
        pass
    # to the process and not raise_signal: only the main thread may run the handlers
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os.kill(os.getpid(), signal.SIGKILL)
