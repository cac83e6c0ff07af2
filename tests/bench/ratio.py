"""A figure as a ratio to a floor that is measured in the same run, in turns: a busy machine slows both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes, without the garbage collector's share."""
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000
    finally:
        gc.enable()


def report(what: str, floor: str, pairs: list[tuple[float, float]], bound: float | None = None) -> None:
    """Print the median of (figure, floor) pairs in milliseconds, and the ratio beside its bound, if any.

    The ratio is the median of the pairs' own ratios: what slows a whole pair down cancels.
    """
    figure, base = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    verdict = ""
    if bound is not None:
        verdict = f" ({'within' if ratio <= bound else 'OVER'} the bound of {bound:g} x)"
    line = f"{what}: {figure:.2f} ms; {floor}: {base:.2f} ms; {ratio:.2f} x{verdict}"
    print(line)  # noqa: T201 - the figures are what these programs are for
