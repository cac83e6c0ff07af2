"""A report as text, CSV and a plot: the same figures in each, and never a State."""

from __future__ import annotations

import csv
import io
import json
import re
from xml.etree import ElementTree

import pytest

from policies.requests.statistics.measures import Measure, Rate, Time
from policies.requests.statistics.render_csv import HEAD, render_csv
from policies.requests.statistics.render_svg import render_svg
from policies.requests.statistics.render_text import render_text
from policies.requests.statistics.report import Report, report
from tests.policies.requests.statistics.records import STATES, YEAR, seeded

REPORT = report(seeded(7, 300), YEAR)
SVG = "{http://www.w3.org/2000/svg}"
DIMENSIONS = ("region", "priority", "template", "organ")


def everything(shown: Report) -> str:
    rendered = [render_csv(shown), json.dumps(shown.as_object())]
    for language in ("en", "fr"):
        rendered += [render_text(shown, language)]
        rendered += [render_svg(shown, dimension, language) for dimension in DIMENSIONS]
    return "\n".join(rendered)


def test_no_state_is_named() -> None:
    """Whatever the rendering, the code of a State that was asked stands nowhere in it."""
    text = everything(REPORT)
    assert REPORT.total.counts
    for states in STATES.values():
        for state in states:
            assert not re.search(rf"\b{state}\b", text)


def test_the_csv_has_every_figure_and_a_gap_where_one_is_held_back() -> None:
    """Each figure is a line; one that is held back has its line and no value, so that lines tell nothing."""
    lines = list(csv.DictReader(io.StringIO(render_csv(REPORT))))
    assert tuple(lines[0]) == HEAD
    assert len(lines) == (1 + 6 + 7 + 21 + 8) * (13 + 5 + 4 * 2)
    assert {line["reporting_year"] for line in lines} == {"2026-2027"}
    by_key = {(line["dimension"], line["row"], line["figure"], line["statistic"]): line for line in lines}
    rows = [("total", REPORT.total), *((t.dimension, row) for t in REPORT.tables for row in t.rows)]
    for dimension, row in rows:
        for count in (Measure.ISSUED, Measure.OBSTACLE):
            assert by_key[dimension, row.row, count, "count"]["value"] == str(row.counts.get(count, ""))
        rate = row.rates.get(Rate.RESPONSE, "")
        assert by_key[dimension, row.row, "response_rate", "rate"]["value"] == str(rate)
        span = row.times.get(Time.ACKNOWLEDGEMENT)
        median = by_key[dimension, row.row, "to_acknowledgement", "median"]["value"]
        assert median == (str(span.median) if span else "")
    assert any(not line["value"] for line in lines)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_text_says_ranges_and_how_to_read_them(language: str) -> None:
    """Counts are ranges, what is held back is a star, and the note says why, in the language asked for."""
    text = render_text(REPORT, language)
    africa = next(line for line in text.splitlines() if line.startswith(("African", "États d")))
    low = REPORT.table("region").rows[0].counts[Measure.ISSUED]
    assert f" {low}-{low + 4} " in africa
    assert "*" in text
    assert {"en": "held back: fewer than 5 requests or 3 States", "fr": "retenu : moins de 5 demandes"}[
        language
    ] in " ".join(text.split())
    assert "2026-09-01" in text
    assert "paragraph 21" in text
    for width in (10, 80, 100, 200):
        lines = render_text(REPORT, language, width).splitlines()
        assert max(map(len, lines)) <= max(width, 80)
        assert sum(line.startswith("T13 ") for line in lines) == 3


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_plot_is_drawn_to_scale_and_said_in_words(dimension: str) -> None:
    """Each bar is as long as its rate and has its number; title and description say all of it in words."""
    root = ElementTree.fromstring(render_svg(REPORT, dimension))  # noqa: S314 - our own text
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    described = root.findtext(f"{SVG}desc") or ""
    rows = [*REPORT.table(dimension).rows, REPORT.total]
    bars = [int(bar.get("width", "")) for bar in root.findall(f"{SVG}rect") if bar.get("height") == "16"]
    for row in rows:
        assert row.title.en in described
    rates = [Rate.RESPONSE, Rate.INCOMPLETE]
    expected = [row.rates.get(rate, 0) * 4 for row in rows for rate in rates]
    assert bars == expected
    assert f"{REPORT.total.rates[Rate.RESPONSE]}%" in described
    _, _, width, height = (int(part) for part in root.get("viewBox", "").split())
    for text in root.findall(f"{SVG}text"):
        assert 0 <= int(text.get("x", "")) < width
        assert 0 < int(text.get("y", "")) < height


def test_the_object_is_json() -> None:
    """What the API gives is plain JSON with the rules that the figures were made by."""
    shown = json.loads(json.dumps(REPORT.as_object()))
    assert shown["title"] == "2026-2027"
    assert shown["rules"]["least_states"] == 3
    assert [table["dimension"] for table in shown["tables"]] == list(DIMENSIONS)
