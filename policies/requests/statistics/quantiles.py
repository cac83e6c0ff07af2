"""Medians and 90th percentiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

_HOUR, _DAY = 3600, 24


def quantile(ordered: Sequence[int], percent: int) -> float:
    """Return the value below which `percent` of the values lie, between the two nearest by proportion.

    This is the inclusive method: 0 is the least, 100 the greatest of them. There is one at least, and they
    are in order.
    """
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def coarse(seconds: float) -> int:
    """Return a time in whole hours, from two days on in whole days: no single request shows in it."""
    hours = seconds / _HOUR
    return round(hours) if hours < 2 * _DAY else round(hours / _DAY) * _DAY
