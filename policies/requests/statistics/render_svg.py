"""A report as a plot: how States respond, beside how often the Court's own requests were incomplete."""

from __future__ import annotations

from xml.sax.saxutils import escape

from policies.network.titles import Title
from policies.requests.statistics.measures import Rate
from policies.requests.statistics.report import Report, Row
from policies.requests.statistics.words import DIMENSIONS, HELD_BACK, heading, row_name

_LEFT, _SCALE, _TOP, _BAR, _ROW = 330, 4, 92, 16, 46
_LONGEST_NAME = 36
"""Characters that fit left of the bars."""
_WIDTH = _LEFT + 100 * _SCALE + 90
_COLOURS = {Rate.RESPONSE: "#1b5e8c", Rate.INCOMPLETE: "#b35900"}
_LEGEND = {
    Rate.RESPONSE: Title(en="States: requests answered", fr="États : demandes répondues"),
    Rate.INCOMPLETE: Title(en="Court: requests returned as incomplete", fr="Cour : demandes incomplètes"),
}
_HELD_BACK = Title(
    en="* held back, so that no State can be told", fr="* retenu, pour qu'aucun État ne soit reconnu"
)


def render_svg(report: Report, dimension: str, language: str = "en") -> str:
    """Return the two rates by one dimension as bars, in SVG with a title and a description in words.

    It needs no script, no font and nothing from elsewhere; each bar has its number in text, and the two are
    told apart by place and by legend, not by colour alone.
    """
    rows = [*report.table(dimension).rows, report.total]
    title = f"{DIMENSIONS[dimension].said(language)}. {heading(report, language)}"
    height = _TOP + _ROW * len(rows) + 50
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
        f' height="{height}" role="img" aria-labelledby="title desc" lang="{language}"'
        ' font-family="sans-serif" font-size="14">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(_description(rows, language))}</desc>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 26, DIMENSIONS[dimension].said(language), size=18),
        _text(16, 48, heading(report, language), size=12),
    ]
    for place, (rate, legend) in enumerate(_LEGEND.items()):
        x = 16 + place * 300
        drawn += [_bar(x, 60, 16, _COLOURS[rate], 14), _text(x + 24, 72, legend.said(language), size=13)]
    drawn += _axis(height)
    for place, row in enumerate(rows):
        drawn += _row(row, _TOP + _ROW * place, language)
    drawn += [_text(16, height - 14, _HELD_BACK.said(language), size=12), "</svg>"]
    return "\n".join(drawn) + "\n"


def _row(row: Row, y: int, language: str) -> list[str]:
    name = row_name(row, language, _LONGEST_NAME)
    drawn = [_text(_LEFT - 10, y + 22, name, anchor="end")]
    for place, rate in enumerate(_LEGEND):
        top, value = y + 2 + place * (_BAR + 2), row.rates.get(rate)
        drawn.append(_bar(_LEFT, top, (value or 0) * _SCALE, _COLOURS[rate], _BAR))
        label = HELD_BACK if value is None else f"{value}%"
        drawn.append(_text(_LEFT + (value or 0) * _SCALE + 6, top + 13, label, size=13))
    return drawn


def _axis(height: int) -> list[str]:
    drawn = []
    for percent in range(0, 101, 25):
        x = _LEFT + percent * _SCALE
        drawn.append(f'<path d="M{x} {_TOP}V{height - 48}" stroke="#cccccc" stroke-width="1"/>')
        drawn.append(_text(x, height - 32, f"{percent}%", size=12, anchor="middle"))
    return drawn


def _description(rows: list[Row], language: str) -> str:
    said = []
    for row in rows:
        rates = (
            f"{legend.said(language)} {f'{row.rates[rate]}%' if rate in row.rates else HELD_BACK}"
            for rate, legend in _LEGEND.items()
        )
        said.append(f"{row.title.said(language)}: {'; '.join(rates)}.")
    return " ".join((*said, _HELD_BACK.said(language) + "."))


def _bar(x: int, y: int, width: int, colour: str, height: int) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}"/>'


def _text(x: int, y: int, text: str, *, size: int = 14, anchor: str = "start") -> str:
    place = f'x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="#000000">{escape(text)}</text>'
