"""Text from others, made safe to put on a terminal.

Whatever came over the wire is data: a control code must not reach the terminal, a bidirectional override must
not turn a file name or a bank account around, a character of no width must not let one name pass for another,
and one endless line must not stop the screen.
"""

from __future__ import annotations

import unicodedata

_DIRECTION_CONTROLS = {
    0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO",
    0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI",
}  # fmt: skip
"""Embeddings, overrides and isolates of Unicode UAX #9, shown by name as they change what a reader sees."""

_INVISIBLE = {0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
"""Characters that draw nothing and are not of category Cf."""

_LINE_ENDS = "\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_REPLACEMENT = "\ufffd"
_TAB_WIDTH = 4
_MARKS_IN_A_ROW = 3
"""No living script needs more combining marks on one letter; more of them draw over the lines around."""


class _Table(dict[int, str]):
    """A translation table that judges each character once, the first time that it is met."""

    def __missing__(self, code: int) -> str:
        safe = _safe_character(code)
        self[code] = safe
        return safe


def _safe_character(code: int) -> str:
    """Return what is shown in place of one character."""
    character = chr(code)
    if 0x20 <= code < 0x7F:
        return character
    if code in _DIRECTION_CONTROLS:
        return f"⟨{_DIRECTION_CONTROLS[code]}⟩"
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␀ to ␟
    if code == 0x7F:
        return "␡"
    if code in _INVISIBLE or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return ""
    match unicodedata.category(character):
        case "Cf":
            return ""
        case "Cc" | "Cs":
            return _REPLACEMENT
        case "Zs":
            return " "
        case "Cn" if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
            return _REPLACEMENT
        case _:
            return character


_TABLE = _Table()


def plain_lines(text: str, *, most_characters: int = 20_000, most_lines: int = 400) -> tuple[str, ...]:
    """Return a text as lines that a terminal can show as they are.

    What goes over `most_characters` or `most_lines` is left out and counted in a last line, so that nobody
    takes a part for the whole.
    """
    shown = text[:most_characters]
    if shown.isascii() and shown.isprintable():
        lines = [shown]
    else:
        lines = [_safe_line(line) for line in _split_lines(shown)]
        while len(lines) > 1 and not lines[-1].strip():
            lines.pop()
    if len(text) > most_characters or len(lines) > most_lines:
        kept = lines[:most_lines]
        left_out = len(text) - sum(len(line) + 1 for line in kept)
        lines = [*kept, f"… (about {max(left_out, 1):,} more characters are not shown here)"]
    return tuple(lines)


def single_line(text: str, *, most_characters: int = 80, empty: str = "(no name)") -> str:
    """Return a name as one line: no line breaks, runs of spaces made one, cut with an ellipsis."""
    cut = text[: most_characters * 4]
    words = " ".join(_safe_line(line) for line in _split_lines(cut)).split()
    line = " ".join(words)
    if not line:
        return empty
    return line if len(line) <= most_characters else line[: most_characters - 1] + "…"


def _split_lines(text: str) -> list[str]:
    """Split at every character that some terminal or some reader takes for the end of a line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for end in _LINE_ENDS[1:]:
        text = text.replace(end, "\n")
    return text.split("\n")


def _safe_line(line: str) -> str:
    """Replace or remove what must not reach a terminal; a tab becomes spaces."""
    if line.isascii() and line.isprintable():
        return line
    return _limit_marks(line.expandtabs(_TAB_WIDTH).translate(_TABLE))


def _limit_marks(line: str) -> str:
    """Drop the combining marks that come after the first few on one letter."""
    if line.isascii():
        return line
    kept: list[str] = []
    marks = 0
    for character in line:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)
