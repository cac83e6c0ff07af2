"""How often a token may call: a bucket of calls for each, which fills again with time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """`per_second` calls in the long run, `burst` at once."""

    per_second: float = 10.0
    burst: int = 40


class RateLimits:
    """The buckets, one a token. They live in memory: a restart fills them."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, token_id: str) -> int | None:
        """Take one call from a token's bucket; None when it had one, else whole seconds until it will."""
        now = self._clock()
        level, then = self._buckets.get(token_id, (float(self._rate.burst), now))
        level = min(self._rate.burst, level + (now - then) * self._rate.per_second)
        if level < 1:
            self._buckets[token_id] = (level, now)
            return max(1, math.ceil((1 - level) / self._rate.per_second))
        self._buckets[token_id] = (level - 1, now)
        return None
