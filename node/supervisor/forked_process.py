"""A process that this one has not started, but is the parent of: waited for and signalled."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import Protocol

_log = logging.getLogger(__name__)

_UNKNOWN = 255
"""What asyncio too says of an end that it could not learn."""


class ChildProcess(Protocol):
    """What a life needs of its process, as asyncio.subprocess.Process has it."""

    @property
    def pid(self) -> int:
        """The process id."""

    @property
    def returncode(self) -> int | None:
        """The exit code, minus the signal's number, or None while it runs."""

    async def wait(self) -> int:
        """Wait for its end, and return the exit code."""

    def send_signal(self, signal: int) -> None:
        """Send it a signal. Raises ProcessLookupError when it has ended."""


class ForkedProcess:
    """A ChildProcess whose end is learnt over a pidfd. Linux only; made while an event loop runs.

    It is reaped as soon as it ends, also when nobody waits for it.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self._descriptor = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._reap)

    async def wait(self) -> int:
        """Wait for its end, and return the exit code, or minus the number of the signal that ended it."""
        await self._ended.wait()
        return _UNKNOWN if self.returncode is None else self.returncode

    def send_signal(self, signal: int) -> None:
        """Send it a signal. Raises ProcessLookupError when it has ended."""
        if self._ended.is_set():
            raise ProcessLookupError
        os.kill(self.pid, signal)  # not reaped yet, so the id is still its own

    def kill(self) -> None:
        """End it at once, if it runs."""
        if not self._ended.is_set():
            os.kill(self.pid, signal.SIGKILL)

    def _reap(self) -> None:
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == 0:
                return  # not yet: the loop asks again
            self.returncode = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            _log.warning("process %d was waited for by somebody else", self.pid)
            self.returncode = _UNKNOWN
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._ended.set()
