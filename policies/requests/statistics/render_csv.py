"""A report as CSV: one figure a line, with its unit; a figure that is held back has its line and no value."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from policies.requests.statistics.measures import Measure, Rate, Time
from policies.requests.statistics.report import Report, Row

HEAD = ("reporting_year", "dimension", "row", "figure", "statistic", "unit", "value")


def render_csv(report: Report) -> str:
    """Return all figures of the report. A count is the lower end of its range (the rules' rounding base)."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(HEAD)
    for dimension, row in _rows(report):
        for figure in _figures(row):
            writer.writerow((report.year.title, dimension, row.row, *figure))
    return written.getvalue()


def _rows(report: Report) -> Iterator[tuple[str, Row]]:
    yield "total", report.total
    for table in report.tables:
        yield from ((table.dimension, row) for row in table.rows)


def _figures(row: Row) -> Iterator[tuple[str, str, str, int | None]]:
    yield from ((measure.value, "count", "requests", row.counts.get(measure)) for measure in Measure)
    yield from ((rate.value, "rate", "percent", row.rates.get(rate)) for rate in Rate)
    for time in Time:
        span = row.times.get(time)
        yield time.value, "median", "hours", span.median if span else None
        yield time.value, "percentile_90", "hours", span.percentile_90 if span else None
