"""Pauses between attempts that failed, each twice as long as the one before."""

from __future__ import annotations

import asyncio
import random

_FIRST, _LONGEST = 0.5, 60.0


class Patience:
    """The pauses of one background task, in seconds."""

    def __init__(self) -> None:
        self._next = _FIRST

    async def pause(self) -> None:
        """Wait, and longer the next time."""
        await asyncio.sleep(self._next * random.uniform(0.7, 1.0))  # noqa: S311 # spreads load, no secret
        self._next = min(self._next * 2, _LONGEST)

    def reset(self) -> None:
        """Begin with the shortest pause again."""
        self._next = _FIRST
