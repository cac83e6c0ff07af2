"""Greedy wrapping of plain text to a width in terminal cells, wide characters counted as two."""

from __future__ import annotations

import re

from rich.cells import cell_len, get_character_cell_size

_RUNS = re.compile(" +|[^ ]+")


def wrap(line: str, width: int) -> list[str]:
    """Break a line at spaces where it can be, within a word where it must be, into pieces of at most `width`.

    Nothing is lost but the spaces at which it is broken; leading spaces stay. An empty line is one piece.
    """
    if cell_len(line) <= width:
        return [line]
    pieces: list[str] = []
    piece, used = "", 0
    for word in _RUNS.findall(line):
        length = cell_len(word)
        if used + length <= width:
            piece, used = piece + word, used + length
            continue
        if word.isspace():
            pieces.append(piece)
            piece, used = "", 0
            continue
        if piece:
            pieces.append(piece.rstrip(" "))
        *full, piece = _chop(word, width)
        pieces.extend(full)
        used = cell_len(piece)
    if piece or not pieces:
        pieces.append(piece)
    return pieces


def wrapped_height(line: str, width: int) -> int:
    """Return how many pieces `wrap` makes; short plain lines, the most by far, are not wrapped to know it."""
    if len(line) <= width and line.isascii():
        return 1
    return len(wrap(line, width))


def fit(line: str, width: int) -> str:
    """Return a line cut to a width, with an ellipsis where something is missing."""
    if cell_len(line) <= width:
        return line
    if width < 1:
        return ""
    piece = _chop(line, width - 1)[0]
    return f"{piece}…" if cell_len(piece) < width else "…"  # a wide character may be too wide


def _chop(word: str, width: int) -> list[str]:
    """Cut a word wider than the whole line into pieces that fit, of at least one character each."""
    pieces = [""]
    used = 0
    for character in word:
        size = get_character_cell_size(character)
        if used + size > width and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += size
    return pieces
