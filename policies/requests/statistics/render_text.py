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
    row_name,
)

NARROWEST = 80
"""Columns of a terminal that are always there."""
_LONGEST_NAME = 56
_COUNTED = (
    Measure.ISSUED, Measure.DELIVERED, Measure.ANSWERED, Measure.EXECUTED, Measure.OBSTACLE,
    Measure.OTHER_STATED_REASON,
)  # fmt: skip
"""Counts that have a column here; the CSV has all."""


def render_text(report: Report, language: str = "en", width: int = NARROWEST) -> str:
    """Return the report as text, en or fr: for each dimension its counts, its rates and its times.

    No line is longer than `width`, of which there are NARROWEST at least.
    """
    width = max(width, NARROWEST)
    lines = [*textwrap.wrap(heading(report, language), width), *textwrap.wrap(f"({report.source})", width)]
    for table in report.tables:
        rows = [*table.rows, report.total]
        lines += ["", DIMENSIONS[table.dimension].said(language).upper()]
        for cells_of in (_counts, _rates, _times):
            cells = [cells_of(row, report, language) for row in rows]
            lines += ["", *_grid(cells, rows, language, width)]
    lines += ["", *textwrap.wrap(note(report, language), width)]
    return "\n".join(lines) + "\n"


def _counts(row: Row, report: Report, language: str) -> dict[str, str]:
    return {
        MEASURES[measure].said(language): count_words(row.counts.get(measure), report) for measure in _COUNTED
    }


def _rates(row: Row, _report: Report, language: str) -> dict[str, str]:
    return {RATES[rate].said(language): str(row.rates.get(rate, HELD_BACK)) for rate in _RATES}


def _times(row: Row, _report: Report, language: str) -> dict[str, str]:
    return {TIMES[time].said(language): _time(row, time, language) for time in Time}


_RATES = (Rate.ACKNOWLEDGED, Rate.RESPONSE, Rate.EXECUTION, Rate.INCOMPLETE)
"""Rates that have a column here: those of the States, and that of the Court beside them."""


def _time(row: Row, time: Time, language: str) -> str:
    span = row.times.get(time)
    if span is None:
        return HELD_BACK
    return f"{hours_words(span.median, language)} / {hours_words(span.percentile_90, language)}"


def _grid(cells: Sequence[dict[str, str]], rows: Sequence[Row], language: str, width: int) -> Iterator[str]:
    """Yield a table: columns as wide as they need, names of rows in what they leave."""
    heads, widths = [], []
    for head in cells[0]:
        content = max(len(each[head]) for each in cells)
        words = textwrap.wrap(head, max(content, *map(len, head.split())))
        heads.append(words)
        widths.append(max(content, *map(len, words)))
    left = min(width - sum(widths) - 2 * len(widths), _LONGEST_NAME)
    height = max(map(len, heads))
    for line in range(height):
        parts = [words[line - height + len(words)] if line >= height - len(words) else "" for words in heads]
        yield _line("", parts, widths, left)
    for row, each in zip(rows, cells, strict=True):
        yield _line(row_name(row, language, left), list(each.values()), widths, left)


def _line(name: str, cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    padded = "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{name:<{left}}{padded}".rstrip()
