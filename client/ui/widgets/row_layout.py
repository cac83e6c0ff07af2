"""How one row of the timeline is laid out in lines of a width: the day, the name, the text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from client.ui.wrapping import fit, wrap, wrapped_height
from client.views.timeline_row import RowKind, TimelineRow

INDENT = "  "
Piece = tuple[str, str]
"""Some text and the name of the timeline's component class that styles it."""


def row_height(row: TimelineRow, width: int) -> int:
    """Return how many lines a row takes, without laying it out."""
    room = _text_width(width)
    head = (1 if row.day is not None else 0) + (0 if row.continues else 1)
    return head + sum(wrapped_height(line, room) for line in row.lines)


def row_lines(row: TimelineRow, width: int) -> Iterator[list[Piece]]:
    """Yield a row's lines as pieces, none wider than `width`."""
    if row.day is not None:
        yield [(_day_line(row.day, width), "timeline--day")]
    if not row.continues:
        yield _name_line(row, width)
    room = _text_width(width)
    for number, line in enumerate(row.lines):
        style = _text_style(row, number)
        for piece in wrap(line, room):
            yield [(INDENT, "timeline--text"), (piece, style)]


def _text_width(width: int) -> int:
    return max(1, width - len(INDENT))


def _day_line(day: str, width: int) -> str:
    words = fit(f" {day} ", width)
    return words.center(width, "─")


def _name_line(row: TimelineRow, width: int) -> list[Piece]:
    """Lay out `name  10:02  attested: focal point of Senegal, by African States`.

    Where it is tight the function is left out first; then the name gives way, the badge does not.
    """
    after = f"  {row.time}  "
    badge = f"{row.badge}: {row.function}" if row.function else row.badge
    if cell_len(row.sender) + len(after) + cell_len(badge) > width:
        badge = row.badge
    name = fit(row.sender, max(1, width - len(after) - len(badge)))
    return [
        (name, "timeline--own" if row.own else "timeline--sender"),
        (after, "timeline--time"),
        (badge, "timeline--alarm" if row.alarm else "timeline--badge"),
    ]


def _text_style(row: TimelineRow, number: int) -> str:
    last = number == len(row.lines) - 1
    match row.kind:
        case RowKind.GAP:
            return "timeline--notice"
        case RowKind.UNSENT if row.alarm and number >= len(row.lines) - 2 > 0:
            return "timeline--notice" if last else "timeline--warning"
        case RowKind.UNDECRYPTABLE:
            return "timeline--warning" if number == 0 else "timeline--notice"
        case RowKind.REQUEST if number == 0:
            return "timeline--verdict" if row.holds else "timeline--alarm"
        case RowKind.REQUEST if last:
            return "timeline--notice"
        case RowKind.NOTICE:
            return "timeline--notice"
        case _:
            is_warning = row.alarm and number >= len(row.lines) - 2
            return "timeline--warning" if is_warning else "timeline--text"
