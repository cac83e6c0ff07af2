"""A terminal that a test can read: a real pseudo-terminal, with pyte as the emulator behind it."""

from __future__ import annotations

import fcntl
import os
import pty
import selectors
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte

_PATIENCE = 60.0


def _without_size(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would be believed before the terminal itself."""
    return {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}


class Terminal:
    """Runs a program in a terminal of `columns` x `lines`, and reads its screen as a person would."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, columns: int = 120, lines: int = 40
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**_without_size(environment), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self._master)

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def type(self, keys: str) -> None:
        """Type keys, as the bytes that a terminal sends for them."""
        os.write(self._master, keys.encode())

    def wait_ended(self) -> int:
        """Read what the program still draws, which it waits for, until it has ended; return its exit code."""
        deadline = time.monotonic() + _PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())):
                try:
                    self._stream.feed(os.read(self._master, 65536))
                except OSError:  # the other end is closed
                    return self.process.wait(_PATIENCE)
        raise AssertionError(f"the program did not end; its last screen:\n{self.text}")

    def wait_for(self, *texts: str) -> str:
        """Read until all texts are on the screen, and return it; fail with the screen when they never are."""
        return self.wait_until(lambda text: all(each in text for each in texts), f"{texts} on the screen")

    def wait_until(self, holds: Callable[[str], bool], what: str) -> str:
        """Read until the screen is as it shall be, and return it; fail with `what` when it never is."""
        deadline = time.monotonic() + _PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_READ)
            while not holds(self.text):
                remaining = deadline - time.monotonic()
                assert remaining > 0, f"never came: {what}; the screen:\n{self.text}"
                if selector.select(remaining):
                    try:
                        self._stream.feed(os.read(self._master, 65536))
                    except OSError:
                        raise AssertionError(f"the program ended; its last screen:\n{self.text}") from None
        return self.text
