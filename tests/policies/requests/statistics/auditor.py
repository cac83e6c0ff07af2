"""An attacker with a solver that nobody here wrote.

It reads a report as published, all tables together, and what anyone knows of such reports: how figures are
rounded, that rows add up to totals together with a row of sealed requests, that nothing is delivered that was
not issued. It then asks how small and how large each figure that is held back can be. It imports nothing of
the code that decides what is held back.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Cell = tuple[str, str, str]

PARTS = [
    ("delivered", "issued"), ("acknowledged", "delivered"), ("replied", "delivered"), ("binding", "issued"),
    ("executed", "answered"), ("executed", "binding"), ("incomplete", "delivered"), ("advance", "issued"),
    ("confirmed", "advance"), ("closed", "issued"),
]  # fmt: skip
"""Who is counted in the first is counted in the second."""
MEASURES = (
    "issued", "delivered", "acknowledged", "replied", "answered", "binding", "executed", "obstacle",
    "other_stated_reason", "incomplete", "advance", "confirmed", "closed",
)  # fmt: skip
RATES = {
    "acknowledged_rate": ("acknowledged", "delivered"),
    "response_rate": ("answered", "delivered"),
    "execution_rate": ("executed", "binding"),
    "incomplete_rate": ("incomplete", "issued"),
    "confirmation_rate": ("confirmed", "advance"),
}
ENOUGH = 1_000
"""More requests than any test has: held back, a count may be anything up to it."""
ENOUGH_APART = 3
"""Two values as far apart need no more proof: the rules promise no more."""


class Auditor:
    """What is known from one published report (`Report.as_object`)."""

    def __init__(self, published: dict[str, Any]) -> None:
        self._base, self._rate_base = (published["rules"][name] for name in ("rounding_base", "rate_base"))
        rows = [("total", published["total"])]
        rows += [(table["dimension"], row) for table in published["tables"] for row in table["rows"]]
        sealed = [(table["dimension"], "sealed") for table in published["tables"]]
        places = [(dimension, row["row"]) for dimension, row in rows] + sealed
        self._index = {
            cell: number
            for number, cell in enumerate((*place, measure) for place in places for measure in MEASURES)
        }
        self._low, self._high = np.zeros(len(self._index)), np.full(len(self._index), float(ENOUGH))
        self._constraints: list[tuple[dict[int, float], float, float]] = []
        for dimension, row in rows:
            self._shown(dimension, row)
        for place in places:
            self._within(place)
        self._margins(places)
        self._all = self._matrix()
        self.held_back = [cell for cell, number in self._index.items() if self._high[number] == ENOUGH]

    def ranges(self) -> dict[Cell, int]:
        """Return for each count that is held back how far apart two of its possible values lie: the most, or
        ENOUGH_APART.
        """
        held = [self._index[cell] for cell in self.held_back]
        least = np.full(len(self._index), np.inf)
        most = np.full(len(self._index), -np.inf)

        def learn(objective: np.ndarray[Any, Any], gap: float = 0.0) -> None:
            values = self._solve(objective, gap)
            np.minimum(least, values, out=least)
            np.maximum(most, values, out=most)

        random = np.random.default_rng(1)
        for _ in range(12):  # most counts are seen to vary on the way to anything else
            learn(
                np.where(
                    np.isin(np.arange(len(self._index)), held), random.integers(-9, 10, len(self._index)), 0
                )
            )
        for number in held:
            for sign in (1, -1):
                if most[number] - least[number] < ENOUGH_APART:
                    alone = np.zeros(len(self._index))
                    alone[number] = sign
                    learn(alone)
        return {cell: round(most[self._index[cell]] - least[self._index[cell]]) for cell in self.held_back}

    def _matrix(self) -> LinearConstraint:
        entries = [
            (value, row, column)
            for row, (terms, _, _) in enumerate(self._constraints)
            for column, value in terms.items()
        ]
        values, rows, columns = zip(*entries, strict=True)
        shape = (len(self._constraints), len(self._index))
        lower, upper = zip(*((low, high) for _, low, high in self._constraints), strict=True)
        return LinearConstraint(csr_array((values, (rows, columns)), shape=shape), lower, upper)

    def _solve(self, objective: np.ndarray[Any, Any], gap: float = 0.0) -> np.ndarray[Any, Any]:
        found = milp(
            objective,
            constraints=self._all,
            bounds=Bounds(self._low, self._high),
            integrality=np.ones(len(self._index)),
            options={"mip_rel_gap": gap},
        )
        assert found.success, found.message
        solved: np.ndarray[Any, Any] = np.round(found.x)
        return solved

    def _shown(self, dimension: str, row: dict[str, Any]) -> None:
        for measure, value in row["counts"].items():
            number = self._index[dimension, row["row"], measure]
            self._low[number], self._high[number] = value, value + self._base - 1
        for rate, value in row["rates"].items():
            part, whole = (self._index[dimension, row["row"], measure] for measure in RATES[rate])
            double, base = 2 * value, self._rate_base
            self._limit({part: 200.0, whole: -float(double - base)}, 0, np.inf)
            self._limit({part: 200.0, whole: -float(double + base)}, -np.inf, -1)

    def _within(self, place: tuple[str, str]) -> None:
        at = {measure: self._index[*place, measure] for measure in MEASURES}
        for part, whole in PARTS:
            self._limit({at[whole]: 1.0, at[part]: -1.0}, 0, np.inf)
        answers = {at[name]: -1.0 for name in ("answered", "obstacle", "other_stated_reason")}
        self._limit({at["replied"]: 1.0} | answers, 0, np.inf)

    def _margins(self, places: list[tuple[str, str]]) -> None:
        tables: defaultdict[str, list[str]] = defaultdict(list)
        for dimension, row in places:
            tables[dimension].append(row)
        del tables["total"]
        for dimension, rows in tables.items():
            for measure in MEASURES:
                terms = {self._index[dimension, row, measure]: 1.0 for row in rows}
                self._limit(terms | {self._index["total", "total", measure]: -1.0}, 0, 0)

    def _limit(self, terms: dict[int, float], low: float, high: float) -> None:
        self._constraints.append((terms, low, high))
