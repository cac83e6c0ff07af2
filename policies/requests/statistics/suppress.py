"""What must be held back so that nothing held back can be recomputed from what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Set

from policies.requests.statistics.measures import MEASURES, Rate
from policies.requests.statistics.published import Published, held_back_alone
from policies.requests.statistics.rules import Disclosure
from policies.requests.statistics.tabulate import TOTAL, Cell, Place, RateCell, Tally
from policies.requests.statistics.worlds import can_be_told


def publish(counted: Tally, rules: Disclosure) -> Published:
    """Return what may be shown of all tables together.

    First goes what may not be shown in itself. Then, as long as a count that is held back could be told from
    the rest, another figure goes with it. A count that is safe stays so, for holding back more never makes it
    easier to tell; and once nothing is shown, nothing can be told.
    """
    unproven = sorted(held_back_alone(counted, rules))
    held_back: set[Cell | RateCell] = set(unproven)
    while not held_back.issuperset(counted.states):
        published = Published(counted, held_back, rules)
        told = next((cell for cell in unproven if can_be_told(cell, counted, published)), None)
        if told is None:
            return published
        unproven = unproven[unproven.index(told) :]
        more = _companions(told, counted, held_back, rules)
        held_back |= more
        unproven += sorted(each for each in more if isinstance(each, Cell))
    return Published(counted, held_back, rules)


def _companions(
    told: Cell, counted: Tally, held_back: Set[Cell | RateCell], rules: Disclosure
) -> Set[Cell | RateCell]:
    """Return what to hold back beside a count: what suffices, else the least of what is left."""
    likely = [each for each in _nearest(told, counted) if each not in held_back]
    tried: list[set[Cell | RateCell]] = [{each} for each in likely]
    tried.append({RateCell(place, rate) for place in counted.kinds for rate in Rate})
    for more in tried:
        if not can_be_told(told, counted, Published(counted, {*held_back, *more}, rules)):
            return more
    return {
        next(each for each in (*likely, *counted.states) if isinstance(each, Cell) and each not in held_back)
    }


def _nearest(cell: Cell, counted: Tally) -> Iterator[Cell | RateCell]:
    """Yield the figures that can hide a count, the cheapest first: rates, its column, its total, its row."""
    place, measure = cell
    yield from (RateCell(where, rate) for where in (place, TOTAL) for rate in Rate)
    column = [Cell(Place(place.dimension, row), measure) for row in counted.rows.get(place.dimension, ())]
    yield from sorted(column, key=lambda each: (counted.states[each].total(), each))
    yield Cell(TOTAL, measure)
    yield from (Cell(place, each) for each in MEASURES)
