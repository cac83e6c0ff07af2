"""One defect as a row of a table: a scenario, what stock nio makes of it, and what ours must make of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

Probe = Callable[[Path], Awaitable[object]]
"""Plays the scenario in an empty folder, and returns what came of it."""


@dataclass(frozen=True)
class Case:
    """`defect` is its number, `what` the outcome that the probes return, in words."""

    defect: str
    what: str
    on_nio: Probe
    bad: object
    on_ours: Probe
    good: object

    def __str__(self) -> str:
        return f"{self.defect}: {self.what}"

    async def check(self, folder: Path) -> None:
        """Insist that stock nio has the defect and ours has not."""
        (folder / "nio").mkdir()
        (folder / "ours").mkdir()
        assert await self.on_nio(folder / "nio") == self.bad, f"stock nio no longer shows {self}"
        assert await self.on_ours(folder / "ours") == self.good, f"ours shows {self}"
