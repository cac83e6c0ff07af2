"""What is shown of the counts: the rest is held back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set

from policies.requests.statistics.measures import INDEX, MEASURES, OF, Rate
from policies.requests.statistics.rules import Disclosure
from policies.requests.statistics.tabulate import SEALED, Cell, Place, RateCell, Tally

_INDICES = {rate: (INDEX[part], INDEX[whole]) for rate, (part, whole) in OF.items()}


class Published:
    """All counts and rates that are shown, of all tables together.

    `counts` has for each place the counts in the order of the measures, rounded, None where held back.
    `rates` has for each place those that are shown: a rate only where both its counts are.
    """

    def __init__(self, counted: Tally, held_back: Set[Cell | RateCell], rules: Disclosure) -> None:
        self.rules = rules
        self.counts: dict[Place, list[int | None]] = {}
        self.rates: dict[Place, dict[Rate, int]] = {}
        for place, counts in counted.counts.items():
            self.counts[place] = [
                None if Cell(place, measure) in held_back else rules.rounded(count)
                for measure, count in zip(MEASURES, counts, strict=True)
            ]
            self.rates[place] = {
                rate: self._rate(rate, counts)
                for rate in Rate
                if self._may_show(place, rate) and RateCell(place, rate) not in held_back
            }
        self._blank: defaultdict[str, list[Place]] = defaultdict(list)
        for place, shown in self.counts.items():
            if not any(map(_is_shown, shown)):
                self._blank[place.dimension].append(place)

    def blank_rows(self, dimension: str) -> Sequence[Place]:
        """Return the rows of a table of which nothing is shown."""
        return self._blank[dimension]

    def allows(self, place: Place, counts: list[int]) -> bool:
        """Tell whether these counts of a place would look the same."""
        base = self.rules.rounding_base
        for shown, count in zip(self.counts[place], counts, strict=True):
            if count < 0 or (shown is not None and not shown <= count < shown + base):
                return False
        return all(self._rate(rate, counts) == shown for rate, shown in self.rates[place].items())

    def _may_show(self, place: Place, rate: Rate) -> bool:
        part, whole = (self.counts[place][index] for index in _INDICES[rate])
        return part is not None and whole is not None and whole >= self.rules.least_for_rates

    def _rate(self, rate: Rate, counts: Sequence[int]) -> int:
        part, whole = _INDICES[rate]
        return self.rules.rate(counts[part], counts[whole])


def _is_shown(count: int | None) -> bool:
    return count is not None


def held_back_alone(counted: Tally, rules: Disclosure) -> set[Cell]:
    """Return the counts that may not be shown, whatever else is: too few requests, too few States, one State
    with too large a share, and what is under seal.
    """
    return {cell for cell in counted.states if cell.place.row == SEALED or not _is_safe(cell, counted, rules)}


def _is_safe(cell: Cell, counted: Tally, rules: Disclosure) -> bool:
    """Tell whether a count rests on enough. None at all is too few: a zero says something of every State."""
    of_states = counted.states[cell]
    count = of_states.total()
    return (
        count >= rules.least_requests
        and len(of_states) >= rules.least_states
        and max(of_states.values()) * 100 <= rules.most_percent_of_one_state * count
    )
