"""The exact counts behind a report, which are never shown as they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from policies.network.errors import nearest
from policies.network.load import load_regions
from policies.requests.errors import RecordInvalid
from policies.requests.statistics.measures import BIT, MEASURES, Measure, Rate, Time, kind_of, times_of
from policies.requests.statistics.record import RequestRecord
from policies.requests.templates.kinds import Priority
from policies.requests.templates.registry import packaged_templates

SEALED = "(sealed)"
"""The row of each table that is never shown: requests under seal, which count in the total alone."""

ELSEWHERE = "elsewhere"
"""The region of who is asked and is in none: a State that is no Party, an organization."""

Dimensions = Mapping[str, tuple[str, ...]]
"""What is counted by → its values, each of which has a row, so that a row itself tells nothing."""


class Place(NamedTuple):
    """A row of a table; `TOTAL` is that of all tables."""

    dimension: str
    row: str


class Cell(NamedTuple):
    """One count."""

    place: Place
    measure: Measure


class RateCell(NamedTuple):
    """One rate."""

    place: Place
    rate: Rate


TOTAL = Place("total", "total")


class _Alike:
    """Requests that count in the same rows: how many of each kind to each State, and their times."""

    def __init__(self) -> None:
        self.of_states: Counter[tuple[int, str]] = Counter()
        self.times: defaultdict[Time, list[int]] = defaultdict(list)

    def take(self, record: RequestRecord, kind: int) -> None:
        """Count one more."""
        self.of_states[kind, record.state] += 1
        for time, seconds in times_of(record, kind).items():
            self.times[time].append(seconds)


class Tally:
    """What was counted: in each place the requests by kind, the States behind each count, and the times.

    `kinds` are sets of measures as bits (`measures.kind_of`). Those of the rows of one dimension, the sealed
    one among them, add up to those of the total; `counts` follow from them, in the order of the measures.
    `times` are in seconds, in order.
    """

    def __init__(
        self, records: Iterable[RequestRecord], dimensions: Dimensions, executed: frozenset[str]
    ) -> None:
        """Count requests. Raises RecordInvalid when one has a region, organ ... that has no row."""
        self.rows = {dimension: (*values, SEALED) for dimension, values in dimensions.items()}
        self.places = {
            dimension: tuple(Place(dimension, row) for row in rows) for dimension, rows in self.rows.items()
        }
        everywhere = (TOTAL, *(place for places in self.places.values() for place in places))
        self.kinds: dict[Place, Counter[int]] = {place: Counter() for place in everywhere}
        self.times: defaultdict[tuple[Place, Time], list[int]] = defaultdict(list)
        of_states: defaultdict[Place, Counter[tuple[int, str]]] = defaultdict(Counter)
        alike: defaultdict[tuple[str, ...], _Alike] = defaultdict(_Alike)
        for record in records:
            kind = kind_of(record, executed)
            alike[self._values(record)].take(record, kind)
        for values, found in alike.items():
            for place in self._places(values):
                of_states[place].update(found.of_states)
                for time, seconds in found.times.items():
                    self.times[place, time] += seconds
        for times in self.times.values():
            times.sort()
        self.states = {Cell(place, measure): Counter[str]() for place in self.kinds for measure in MEASURES}
        for place, numbers in of_states.items():
            for (kind, state), number in numbers.items():
                self.kinds[place][kind] += number
                for measure in MEASURES:
                    if kind & BIT[measure]:
                        self.states[Cell(place, measure)][state] += number
        # the most frequent first, where the search for other worlds begins; and the same in whatever order
        self.kinds = {
            place: Counter(dict(sorted(kinds.items(), key=lambda each: (-each[1], each[0]))))
            for place, kinds in self.kinds.items()
        }
        self.counts = {
            place: [self.states[Cell(place, measure)].total() for measure in MEASURES] for place in self.kinds
        }

    def _values(self, record: RequestRecord) -> tuple[str, ...]:
        """Return the rows that a request counts in, by dimension."""
        if record.sealed:
            return (SEALED,) * len(self.rows)
        return tuple(str(getattr(record, dimension)) for dimension in self.rows)

    def _places(self, values: tuple[str, ...]) -> list[Place]:
        for (dimension, rows), value in zip(self.rows.items(), values, strict=True):
            if value not in rows:
                raise RecordInvalid(
                    f"A request cannot be counted: its {dimension} is {value!r}.",
                    why="No row of the report has that name.",
                    remedy=nearest(value, rows[:-1]),
                )
        return [TOTAL, *(Place(dimension, value) for dimension, value in zip(self.rows, values, strict=True))]


def packaged_dimensions() -> dict[str, tuple[str, ...]]:
    """Return what a report counts by: the regional groups, the priorities, the templates, the originators."""
    templates = packaged_templates()
    return {
        "region": (*(region.code for region in load_regions().values() if not region.is_court), ELSEWHERE),
        "priority": tuple(priority.value for priority in Priority),
        "template": templates.ids,
        "organ": tuple(templates.common.fields["originator"].enum),
    }
