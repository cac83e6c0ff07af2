"""What must be held back so that nothing held back can be recomputed from what is shown."""

from __future__ import annotations

from collections.abc import Iterator

from policies.requests.statistics.measures import MEASURES
from policies.requests.statistics.published import Published, held_back_alone
from policies.requests.statistics.rules import Disclosure
from policies.requests.statistics.tabulate import TOTAL, Cell, Place, Tally
from policies.requests.statistics.worlds import can_be_told


def publish(counted: Tally, rules: Disclosure) -> Published:
    """Return what may be shown of all tables together.

    First goes what may not be shown in itself. Then, as long as a count that is held back could be told from
    the rest, another goes with it: of its column first, the smallest. A count that is safe stays so, for
    holding back more never makes it easier to tell; and once nothing is shown, nothing can be told.
    """
    held_back = held_back_alone(counted, rules)
    unproven = sorted(held_back)
    while True:
        published = Published(counted, held_back, rules)
        told = next((cell for cell in unproven if can_be_told(cell, counted, published)), None)
        if told is None:
            return published
        unproven = unproven[unproven.index(told) :]
        more = next(cell for cell in _companions(told, counted) if cell not in held_back)
        held_back.add(more)
        unproven.append(more)


def _companions(cell: Cell, counted: Tally) -> Iterator[Cell]:
    """Yield the counts that can hide another, the best first: its column, its total, its row, its table."""
    place, measure = cell
    column = [Cell(Place(place.dimension, row), measure) for row in counted.rows.get(place.dimension, ())]
    yield from sorted(column, key=lambda each: (counted.states[each].total(), each))
    yield Cell(TOTAL, measure)
    yield from (Cell(place, each) for each in MEASURES)
    yield from (each for each in counted.states if each.place.dimension == place.dimension)
    yield from counted.states
