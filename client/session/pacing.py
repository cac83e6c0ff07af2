"""Long work in small slices, so that a key press or another request is never kept waiting for it."""

from __future__ import annotations

import asyncio
import time

SLICE_SECONDS = 0.0003
"""How long one piece of work may hold the event loop up."""


class Pace:
    """Gives way to the event loop whenever a slice is used up."""

    def __init__(self) -> None:
        self._until = time.perf_counter() + SLICE_SECONDS

    async def give_way(self) -> None:
        """Let others run if the slice is over. Call it between pieces that take some microseconds."""
        if time.perf_counter() >= self._until:
            await asyncio.sleep(0)
            self._until = time.perf_counter() + SLICE_SECONDS
