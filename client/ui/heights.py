"""The heights of many rows: where does row 70,000 begin, and which row is on line 200,000?"""

from __future__ import annotations

from collections.abc import Iterable


class Heights:
    """Row heights in lines, in a Fenwick tree: to change or find one costs the logarithm of their number.

    Putting rows in or taking rows out rebuilds the tree, except at its end.
    """

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._tree = [0]
        self._rebuild()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        """Return one row's height."""
        return self._heights[index]

    @property
    def total(self) -> int:
        """The height of all rows together."""
        return self.top(len(self._heights))

    def top(self, index: int) -> int:
        """Return the line on which a row begins, counted from 0."""
        total = 0
        while index:
            total += self._tree[index]
            index &= index - 1
        return total

    def find(self, line: int) -> tuple[int, int]:
        """Return the row that a line belongs to, and which of the row's lines it is, both from 0.

        Raises IndexError for a line that no row has.
        """
        if not 0 <= line < self.total:
            raise IndexError(line)
        index, step = 0, 1 << len(self._heights).bit_length()
        while step:
            following = index + step
            if following < len(self._tree) and self._tree[following] <= line:
                index = following
                line -= self._tree[following]
            step >>= 1
        return index, line

    def splice(self, start: int, removed: int, heights: list[int]) -> None:
        """Replace rows by others."""
        if removed == len(heights):
            for offset, height in enumerate(heights):
                self._change(start + offset, height)
        elif removed == 0 and start == len(self._heights):
            for height in heights:
                self._append(height)
        else:
            self._heights[start : start + removed] = heights
            self._rebuild()

    def _change(self, index: int, height: int) -> None:
        difference = height - self._heights[index]
        self._heights[index] = height
        place = index + 1
        while difference and place < len(self._tree):
            self._tree[place] += difference
            place += place & -place

    def _append(self, height: int) -> None:
        place = len(self._tree)
        below = place - 1
        summed = height
        while below > place - (place & -place):
            summed += self._tree[below]
            below &= below - 1
        self._heights.append(height)
        self._tree.append(summed)

    def _rebuild(self) -> None:
        self._tree = [0, *self._heights]
        for place in range(1, len(self._tree)):
            above = place + (place & -place)
            if above < len(self._tree):
                self._tree[above] += self._tree[place]
