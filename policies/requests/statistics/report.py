"""The report: what is published of a reporting year, as values that any rendering can show."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from policies.network.load import load_regions
from policies.network.titles import Title
from policies.requests.statistics.measures import INDEX, TIMED, Measure, Rate, Time
from policies.requests.statistics.published import Published
from policies.requests.statistics.quantiles import coarse, quantile
from policies.requests.statistics.record import RequestRecord
from policies.requests.statistics.rules import Disclosure, StatisticsRules, packaged_rules
from policies.requests.statistics.suppress import publish
from policies.requests.statistics.tabulate import (
    ELSEWHERE,
    SEALED,
    TOTAL,
    Dimensions,
    Place,
    Tally,
    packaged_dimensions,
)
from policies.requests.statistics.year import ReportingYear
from policies.requests.templates.registry import packaged_templates


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took: the median and the 90th percentile, in hours, coarsened."""

    median: int
    percentile_90: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row: what is not among its figures is held back.

    `counts` are rounded down to the rules' base, `rates` are percentages.
    """

    row: str
    title: Title
    counts: dict[Measure, int]
    rates: dict[Rate, int]
    times: dict[Time, Span]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """All requests by one thing: `dimension` is region, priority, template or organ."""

    dimension: str
    rows: tuple[Row, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is published of one year, all tables together: only so is what is held back safe.

    `title` is the year's, as 2025-2026. Two reports over nearly the same requests could be subtracted: there
    is one for each year, after its end.
    """

    title: str
    year: ReportingYear
    source: str
    rules: Disclosure
    total: Row
    tables: tuple[Table, ...]

    def table(self, dimension: str) -> Table:
        """Return the table of a dimension that the report has."""
        return next(table for table in self.tables if table.dimension == dimension)

    def as_object(self) -> dict[str, object]:
        """Return the report for JSON. A figure that is not there is held back."""
        built: dict[str, object] = msgspec.to_builtins(self)
        return built


def report(
    records: Iterable[RequestRecord],
    year: ReportingYear,
    *,
    rules: StatisticsRules | None = None,
    dimensions: Dimensions | None = None,
) -> Report:
    """Return what may be published of the requests issued in a year. Raises RecordInvalid.

    No figure rests on fewer requests or States than the rules say, and none that is held back can be
    recomputed from those that are shown (domain facts G.2).
    """
    rules, dimensions = rules or packaged_rules(), dimensions or packaged_dimensions()
    issued = (record for record in records if year.has(record.issued_at))
    counted = Tally(issued, dimensions, frozenset(rules.executed))
    published = publish(counted, rules.disclosure)
    titles = _titles()
    return Report(
        title=year.title,
        year=year,
        source=rules.reporting_year.source,
        rules=rules.disclosure,
        total=_row(TOTAL, counted, published, titles),
        tables=tuple(
            Table(
                dimension=dimension,
                rows=tuple(
                    _row(Place(dimension, row), counted, published, titles) for row in rows if row != SEALED
                ),
            )
            for dimension, rows in counted.rows.items()
        ),
    )


def _row(place: Place, counted: Tally, published: Published, titles: dict[Place, Title]) -> Row:
    shown = published.counts[place]
    counts = {measure: count for measure in Measure if (count := shown[INDEX[measure]]) is not None}
    enough = published.rules.least_for_times
    return Row(
        row=place.row,
        title=titles.get(place, Title(en=place.row, fr=place.row)),
        counts=counts,
        rates=published.rates[place],
        times={
            time: _span(counted.times[place, time])
            for time, measure in TIMED.items()
            if counts.get(measure, 0) >= enough
        },
    )


def _span(ordered: list[int]) -> Span:
    return Span(median=coarse(quantile(ordered, 50)), percentile_90=coarse(quantile(ordered, 90)))


def _titles() -> dict[Place, Title]:
    templates = packaged_templates()
    fields = templates.common.fields
    titles = {TOTAL: Title(en="All requests", fr="Toutes les demandes")}
    titles |= {Place("region", code): region.title for code, region in load_regions().items()}
    titles[Place("region", ELSEWHERE)] = Title(
        en="Others than States Parties", fr="Autres que les États Parties"
    )
    titles |= {Place("priority", code): title for code, title in fields["priority"].enum.items()}
    titles |= {Place("organ", code): title for code, title in fields["originator"].enum.items()}
    return titles | {Place("template", each): templates.current(each).title for each in templates.ids}
