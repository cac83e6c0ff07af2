"""How long work shows itself: one line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """Writes to standard error. `done` leaves a line; `working` shows what goes on, on a terminal only."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._began = time.monotonic()
        self._width = 0

    def done(self, text: str) -> None:
        """Write a line that stays."""
        self.clear()
        self._stream.write(f"{time.monotonic() - self._began:6.1f} s  {text}\n")
        self._stream.flush()

    def working(self, text: str) -> None:
        """Show what is being done now, in place of what was shown before."""
        if self._live:
            self.clear()
            line = f"         {text}"[:100]
            self._stream.write(line)
            self._stream.flush()
            self._width = len(line)

    def clear(self) -> None:
        """Take away what `working` has shown."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0
