"""Wrapping to cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from client.ui.wrapping import fit, wrap, wrapped_height
from client.views.safe_text import plain_lines

_LINES = st.text(max_size=120).map(lambda text: plain_lines(text)[0])


@pytest.mark.parametrize(
    ("line", "width", "pieces"),
    [
        ("", 5, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two", 3, ["one", "two"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("a abcdefgh b", 4, ["a", "abcd", "efgh", "b"]),
        ("漢字漢字漢", 5, ["漢字", "漢字", "漢"]),
        ("    - indented text", 12, ["    -", "indented", "text"]),
    ],
)
def test_lines_break_at_spaces_else_within_a_word(line: str, width: int, pieces: list[str]) -> None:
    """Wide characters take two cells, and the spaces at a break go."""
    assert wrap(line, width) == pieces


@given(_LINES, st.integers(2, 40))
def test_no_piece_is_too_wide_and_nothing_but_spaces_is_lost(line: str, width: int) -> None:
    """Every character stands in its place, whatever the text and the width."""
    pieces = wrap(line, width)
    assert all(cell_len(piece) <= width for piece in pieces)
    assert "".join(pieces).replace(" ", "") == line.replace(" ", "")
    assert wrapped_height(line, width) == len(pieces)


@given(_LINES, st.integers(1, 40))
def test_a_fitted_line_fits(line: str, width: int) -> None:
    """A line that is cut ends with an ellipsis; one that fits is as it was."""
    fitted = fit(line, width)
    assert cell_len(fitted) <= width
    assert fitted == line or fitted.endswith("…")
