"""How late the event loop is: how long others would have waited for it."""

from __future__ import annotations

import asyncio
import time

_TICK = 0.005


class Lateness:
    """Measures while its block runs; all in seconds."""

    def __init__(self) -> None:
        self._late: list[float] = []

    async def __aenter__(self) -> Lateness:
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    @property
    def worst(self) -> float:
        return max(self._late, default=0.0)

    def percentile(self, percent: int) -> float:
        late = sorted(self._late)
        return late[len(late) * percent // 100] if late else 0.0

    async def _tick(self) -> None:
        while True:
            wanted = time.perf_counter() + _TICK
            await asyncio.sleep(_TICK)
            self._late.append(time.perf_counter() - wanted)
