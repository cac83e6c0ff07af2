"""A report as plain tables."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from policies.requests.statistics.measures import Measure, Rate, Time
from policies.requests.statistics.report import Report, Row
from policies.requests.statistics.words import (
    DIMENSIONS,
    HELD_BACK,
    MEASURES,
    RATES,
    TIMES,
    count_words,
    heading,
    hours_words,
    note,
)

_WIDTH = 120
_TITLE = 40
_COUNTED = (
    Measure.ISSUED, Measure.DELIVERED, Measure.ACKNOWLEDGED, Measure.ANSWERED, Measure.EXECUTED,
    Measure.OBSTACLE, Measure.OTHER_STATED_REASON,
)  # fmt: skip
"""Counts that have a column here; the CSV has all."""


def render_text(report: Report, language: str = "en") -> str:
    """Return the report as text, en or fr: for each dimension its counts, then its rates and times."""
    lines = [heading(report, language), f"({report.source})"]
    for table in report.tables:
        lines += ["", DIMENSIONS[table.dimension].said(language)]
        rows = [*table.rows, report.total]
        lines += _grid([_counts(row, report, language) for row in rows], rows, language)
        lines += ["", *_grid([_rates_and_times(row, language) for row in rows], rows, language)]
    lines += ["", *textwrap.wrap(note(report, language), _WIDTH)]
    return "\n".join(lines) + "\n"


def _counts(row: Row, report: Report, language: str) -> dict[str, str]:
    return {
        MEASURES[measure].said(language): count_words(row.counts.get(measure), report) for measure in _COUNTED
    }


def _rates_and_times(row: Row, language: str) -> dict[str, str]:
    rates = {RATES[rate].said(language): str(row.rates.get(rate, HELD_BACK)) for rate in _RATES}
    return rates | {TIMES[time].said(language): _time(row, time, language) for time in _TIMES}


_RATES = (Rate.RESPONSE, Rate.INCOMPLETE)
_TIMES = tuple(Time)


def _time(row: Row, time: Time, language: str) -> str:
    span = row.times.get(time)
    if span is None:
        return HELD_BACK
    return f"{hours_words(span.median, language)} / {hours_words(span.percentile_90, language)}"


def _grid(cells: Sequence[dict[str, str]], rows: Sequence[Row], language: str) -> Iterator[str]:
    """Yield a table whose columns are as wide as they need."""
    heads = list(cells[0])
    widths = [max(len(head), *(len(each[head]) for each in cells)) for head in heads]
    yield _line("", heads, widths)
    for row, each in zip(rows, cells, strict=True):
        yield _line(_name(row, language), [each[head] for head in heads], widths)


def _line(name: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return f"{name:<{_TITLE}}  {'  '.join(padded)}".rstrip()


def _name(row: Row, language: str) -> str:
    title = row.title.said(language)
    code = f"{row.row} " if len(row.row) < 4 else ""
    return textwrap.shorten(f"{code}{title}", _TITLE, placeholder="…")
