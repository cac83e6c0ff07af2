"""The tree of heights against the plain sums that it stands for."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.ui.heights import Heights

_HEIGHTS = st.lists(st.integers(1, 9), max_size=40)


def check(heights: Heights, plain: list[int]) -> None:
    """Compare every answer with the one from the list."""
    tops = [0, *accumulate(plain)]
    assert len(heights) == len(plain)
    assert heights.total == tops[-1]
    assert [heights.top(index) for index in range(len(plain) + 1)] == tops
    found = [heights.find(line) for line in range(heights.total)]
    assert found == [(index, offset) for index, height in enumerate(plain) for offset in range(height)]


@given(_HEIGHTS, st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5), _HEIGHTS), max_size=5))
def test_heights_answer_as_plain_sums_do(plain: list[int], changes: list[tuple[int, int, list[int]]]) -> None:
    """After any rows were put in, taken out or changed, each line is found in its row."""
    heights = Heights(plain)
    plain = list(plain)
    check(heights, plain)
    for start, removed, new in changes:
        start = min(start, len(plain))
        removed = min(removed, len(plain) - start)
        heights.splice(start, removed, new)
        plain[start : start + removed] = new
        check(heights, plain)


def test_a_line_outside_every_row_is_an_error() -> None:
    """Before the first and after the last line there is nothing to find."""
    heights = Heights([2, 3])
    for line in (-1, 5):
        with pytest.raises(IndexError):
            heights.find(line)
