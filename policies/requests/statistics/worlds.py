"""Other worlds that would look the same: the proof that what is held back cannot be recomputed.

A count that is held back is safe if there are sets of requests, other than the true one, from which exactly
the same figures would be shown, and in which that count differs. Such a set is built here, request by
request, so each is a witness that whoever reads all tables together cannot tell the count. Where none is
found the count is not safe, and more must be held back: a mistake of the search costs figures, never secrecy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from policies.requests.statistics.measures import BIT, INDEX, Measure, with_measure, without_measure
from policies.requests.statistics.published import Published
from policies.requests.statistics.tabulate import TOTAL, Cell, Place, Tally

NOBODY = 0
"""The kind of a request that is not there."""

_Change = dict[Place, tuple[int, int]]
"""Place → (kind of a request that goes, kind of one that comes)."""


def can_be_told(cell: Cell, counted: Tally, published: Published) -> bool:
    """Tell whether a count that is held back could lie in too small a range, given all that is published."""
    down = _walk(cell, counted, published, -1, published.rules.least_range)
    if down >= published.rules.least_range:
        return False
    up = _walk(cell, counted, published, +1, published.rules.least_range - down)
    return down + up < published.rules.least_range


def _walk(cell: Cell, counted: Tally, published: Published, step: int, enough: int) -> int:
    """Return how far the count can be moved, one way, through worlds that look the same."""
    world = _World(counted, published)
    for moved in range(enough):
        change = world.change(cell, step)
        if change is None:
            return moved
        world.apply(change)
    return enough


class _World:
    """A set of requests by kind in each place; rows of each dimension add up to the total.

    Any such numbers are those of some set of requests: which row of one table goes with which of another is
    not published. What is not changed is shared with the true world.
    """

    def __init__(self, counted: Tally, published: Published) -> None:
        self._places = counted.places
        self._published = published
        self._kinds: dict[Place, Mapping[int, int]] = dict(counted.kinds)
        self._counts = dict(counted.counts)
        self._unseen: dict[tuple[Place, int, int], bool] = {}

    def change(self, cell: Cell, step: int) -> _Change | None:
        """Return a change that moves a count by `step` and that nobody would see, or None."""
        if step < 0 and self._counts[cell.place][INDEX[cell.measure]] == 0:
            return None
        return next(self._exchanges(cell, step), None) or next(self._replacements(cell, step), None)

    def apply(self, change: _Change) -> None:
        """Make a change."""
        for place, (goes, comes) in change.items():
            kinds = Counter(self._kinds[place])
            kinds[goes] -= 1
            kinds[comes] += 1
            del kinds[NOBODY]
            self._kinds[place] = kinds
            self._counts[place] = _after(self._counts[place], goes, comes)
        self._unseen = {key: unseen for key, unseen in self._unseen.items() if key[0] not in change}

    def _exchanges(self, cell: Cell, step: int) -> Iterator[_Change]:
        """Yield what two rows of one table may exchange: the totals, and so all other tables, stay."""
        place, measure = cell
        if place == TOTAL:
            return
        for goes, comes in self._pairs(self._here(place), None, measure, step):
            if not self._is_unseen(place, goes, comes):
                continue
            for other in self._places[place.dimension]:
                if other == place or not self._has(other, comes):
                    continue
                if self._is_unseen(other, comes, goes):
                    yield {place: (goes, comes), other: (comes, goes)}
                for third, kind in self._reserves(place, other):
                    if self._is_unseen(other, comes, kind):
                        yield {place: (goes, comes), other: (comes, kind), third: (kind, goes)}

    def _reserves(self, *besides: Place) -> Iterator[tuple[Place, int]]:
        """Yield requests of rows of the same table of which nothing is shown: they come and go unseen."""
        for place in self._published.blank_rows(besides[0].dimension):
            if place not in besides:
                for kind, number in self._kinds[place].items():
                    if number:
                        yield place, kind

    def _replacements(self, cell: Cell, step: int) -> Iterator[_Change]:
        """Yield a request that was of another kind, or not there, or there besides: all tables change."""
        for goes, comes in self._pairs(self._here(TOTAL), cell.measure, cell.measure, step):
            if not self._is_unseen(TOTAL, goes, comes):
                continue
            change: _Change = {TOTAL: (goes, comes)}
            for dimension in self._places:
                at = cell.place if dimension == cell.place.dimension else None
                found = next(self._in_one_table(dimension, at, goes, comes, step), None)
                if found is None:
                    break
                change |= found
            else:
                yield change

    def _in_one_table(
        self, dimension: str, at: Place | None, goes: int, comes: int, step: int
    ) -> Iterator[_Change]:
        """Yield how one request goes and one comes in a table: in one row, or from one row to another.

        `at` is the row that must change by `step`, if one must.
        """
        places = self._places[dimension]
        leaving = [place for place in places if self._has(place, goes)]
        for place in leaving if at is None else [at] if at in leaving else []:
            if self._is_unseen(place, goes, comes):
                yield {place: (goes, comes)}
        for loser in [at] if at is not None and step < 0 else leaving:
            if loser not in leaving or not self._is_unseen(loser, goes, NOBODY):
                continue
            for winner in [at] if at is not None and step > 0 else places:
                if winner != loser and self._is_unseen(winner, NOBODY, comes):
                    yield {loser: (goes, NOBODY), winner: (NOBODY, comes)}

    def _pairs(
        self, here: list[int], turned: Measure | None, measure: Measure, step: int
    ) -> Iterator[tuple[int, int]]:
        """Yield kinds (that goes, that comes) whose exchange moves a measure by `step` where the first is.

        What comes is a kind that there is; with `turned`, also the nearest kind to what goes.
        """
        everywhere = [*self._here(TOTAL), NOBODY]
        for goes in (*here, NOBODY):
            near = []
            if turned is not None:
                near = [with_measure(goes, turned) if step > 0 else without_measure(goes, turned)]
            for comes in dict.fromkeys((*near, *everywhere)):
                if bool(comes & BIT[measure]) - bool(goes & BIT[measure]) == step:
                    yield goes, comes

    def _here(self, place: Place) -> list[int]:
        return [kind for kind, number in self._kinds[place].items() if number]

    def _has(self, place: Place, kind: int) -> bool:
        return kind == NOBODY or self._kinds[place].get(kind, 0) > 0

    def _is_unseen(self, place: Place, goes: int, comes: int) -> bool:
        """Tell whether a place looks the same when one request goes and another comes."""
        key = (place, goes & ~comes, comes & ~goes)
        if key not in self._unseen:
            after = _after(self._counts[place], goes, comes)
            self._unseen[key] = self._published.allows(place, after)
        return self._unseen[key]


def _after(counts: Sequence[int], goes: int, comes: int) -> list[int]:
    return [count + (comes >> index & 1) - (goes >> index & 1) for index, count in enumerate(counts)]
