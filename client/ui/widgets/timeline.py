"""The timeline: a window of rows of which only the visible lines are ever wrapped, styled and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from client.ui.heights import Heights
from client.ui.keys import TIMELINE_KEYS
from client.ui.widgets.row_layout import row_height, row_lines
from client.ui.wrapping import fit
from client.views.timeline import Splice
from client.views.timeline_row import TimelineRow

_STRIPS_KEPT = 2_000
"""Rows whose drawn lines are kept: far more than a screen, little memory."""

_NEAR_TOP = 10
"""Older rows are asked for when fewer lines than this are above the screen."""

_LINES_A_STEP = 3

_GUTTER = 1
"""The first column marks the selected row, so that it is seen without colour too."""


class Timeline(ScrollView, can_focus=True):
    """Rows under one another, the newest at the bottom, where the view stays until someone scrolls up.

    While scrolled up, what is on top of the screen stays there: also when older rows are put above it, when
    new ones come below, and when the width changes.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "timeline--text",
        "timeline--sender",
        "timeline--own",
        "timeline--time",
        "timeline--badge",
        "timeline--alarm",
        "timeline--warning",
        "timeline--verdict",
        "timeline--notice",
        "timeline--day",
        "timeline--mark",
        "timeline--below",
    }
    BINDINGS = TIMELINE_KEYS

    new_below: reactive[int] = reactive(0)
    """How many rows have come below the screen while it was scrolled up."""

    @dataclass
    class OlderWanted(Message):
        """The top of what is loaded is near."""

    @dataclass
    class Activated(Message):
        """A row was chosen, with Enter or a double click."""

        event_id: str

    @dataclass
    class TakenBack(Message):
        """A row was to be taken back, with Delete."""

        event_id: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.placeholder = ""
        """What is said where there are no rows."""
        self._rows: list[TimelineRow] = []
        self._heights = Heights()
        self._strips: LRUCache[tuple[str, int, int, bool, str], list[Strip]] = LRUCache(_STRIPS_KEPT)
        self._styles: dict[str, Style] = {}
        self._width = 0
        self._selected: str | None = None
        self._following = True
        self._arranging = False
        self._anchor: tuple[str, int] | None = None
        self.rows_drawn = 0
        """How many rows have been wrapped and styled so far: stays far below the number of rows."""

    @property
    def rows(self) -> Sequence[TimelineRow]:
        """The rows, oldest first."""
        return self._rows

    @property
    def selected(self) -> TimelineRow | None:
        """The selected row."""
        index = self._index(self._selected)
        return None if index is None else self._rows[index]

    @property
    def top_row(self) -> TimelineRow | None:
        """The first row of which anything is on the screen."""
        line = min(self.scroll_offset.y, self._heights.total - 1)
        return self._rows[self._heights.find(line)[0]] if self._rows else None

    @property
    def near_top(self) -> bool:
        """Whether little of what is loaded is above the screen."""
        return self.scroll_offset.y < _NEAR_TOP

    def show(self, rows: Sequence[TimelineRow], *, placeholder: str = "") -> None:
        """Show other rows altogether, from their bottom."""
        self.placeholder = placeholder
        self._selected = None
        self._following = True
        self.new_below = 0
        self._strips.clear()
        with self._arrangement():
            self._rows = list(rows)
            self._measure()
        self.refresh()

    def apply(self, splices: Sequence[Splice]) -> None:
        """Change rows in their place, and keep the place of the reader."""
        with self._arrangement():
            for splice in splices:
                self._rows[splice.start : splice.start + splice.removed] = splice.rows
                heights = [self._height(row) for row in splice.rows]
                self._heights.splice(splice.start, splice.removed, heights)
                if not self._following and splice.start + len(splice.rows) == len(self._rows):
                    self.new_below += max(0, splice.added)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        width = self.size.width
        base = self._style("timeline--text")
        if not self._rows:
            return self._placeholder_line(y, width, base)
        if self.new_below and y == self.size.height - 1:
            words = fit(f" {self.new_below} new below: press End ", width)
            return Strip([Segment(words.center(width), self._style("timeline--below"))], width)
        line = self.scroll_offset.y + y
        if line >= self._heights.total:
            return Strip.blank(width, base)
        index, offset = self._heights.find(line)
        return self._row_strips(self._rows[index])[offset].adjust_cell_length(width, base)

    def notify_style_update(self) -> None:
        """Draw all anew: the theme has changed."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow a scroll of the reader's: whether the bottom is in sight, and what is on top."""
        super().watch_scroll_y(old_value, new_value)
        if not self._arranging:
            self._note_place()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap to the new width, and keep the place of the reader."""
        del event
        width = self.scrollable_content_region.width
        with self._arrangement():
            if width != self._width:
                self._width = width
                self._strips.clear()
                self._measure()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Select the row under the pointer; a second click chooses it."""
        line = self.scroll_offset.y + event.y
        if 0 <= line < self._heights.total:
            self._select(self._heights.find(line)[0])
            if event.chain == 2:
                self.action_activate()

    def action_select_previous(self) -> None:
        """Go up: within a row taller than the screen by lines, else to the row above."""
        index = self._index(self._selected)
        if index is None:
            self._select(self._last_visible())
        elif self._heights.top(index) < self.scroll_offset.y:
            self.scroll_to(y=self.scroll_offset.y - _LINES_A_STEP, animate=False)
        else:
            self._select(index - 1)

    def action_select_next(self) -> None:
        """Go down: within a row taller than the screen by lines, else to the row below."""
        index = self._index(self._selected)
        bottom = self.scroll_offset.y + self.size.height
        if index is None:
            self._select(self._last_visible())
        elif self._heights.top(index) + self._heights[index] > bottom:
            self.scroll_to(y=self.scroll_offset.y + _LINES_A_STEP, animate=False)
        else:
            self._select(index + 1)

    def action_page(self, direction: int) -> None:
        """Scroll by a screen, less two lines to read on from."""
        step = direction * max(1, self.size.height - 2)
        self.scroll_to(y=self.scroll_offset.y + step, animate=False)
        self._ask_for_older()

    def action_oldest(self) -> None:
        """Go to the top of what is loaded."""
        self.scroll_to(y=0, animate=False)
        self._ask_for_older()

    def action_newest(self) -> None:
        """Go to the bottom, and follow what comes."""
        self.scroll_to(y=self.max_scroll_y, animate=False)
        self._note_place()

    def action_activate(self) -> None:
        """Choose the selected row."""
        if self._selected is not None:
            self.post_message(self.Activated(self._selected))

    def action_take_back(self) -> None:
        """Ask for the selected row to be taken back."""
        if self._selected is not None:
            self.post_message(self.TakenBack(self._selected))

    @contextmanager
    def _arrangement(self) -> Iterator[None]:
        """Change rows or width, then put the reader back: to the bottom, or to the row that was on top."""
        anchor = None if self._following else self._anchor
        self._arranging = True
        try:
            yield
            self.virtual_size = Size(self._width, self._heights.total)
            index = self._index(anchor[0]) if anchor else None
            if anchor is None or index is None:
                y = self.max_scroll_y if self._following else self.scroll_offset.y
            else:
                y = self._heights.top(index) + min(anchor[1], self._heights[index] - 1)
            self.scroll_to(y=y, animate=False, force=True)
        finally:
            self._arranging = False

    def _measure(self) -> None:
        self._heights = Heights(self._height(row) for row in self._rows)

    def _height(self, row: TimelineRow) -> int:
        """Return a row's height; before the first layout gives a width, any will do."""
        return row_height(row, self._width - _GUTTER) if self._width else 1

    def _note_place(self) -> None:
        self._following = self.scroll_offset.y >= self.max_scroll_y
        if self._following:
            self.new_below = 0
        if self._rows:
            index, offset = self._heights.find(min(self.scroll_offset.y, self._heights.total - 1))
            self._anchor = (self._rows[index].event_id, offset)
        self._ask_for_older()

    def _ask_for_older(self) -> None:
        if self._rows and self.near_top:
            self.post_message(self.OlderWanted())

    def _index(self, event_id: str | None) -> int | None:
        """Return a row's place; the newest are looked at first."""
        if event_id is None:
            return None
        for index in range(len(self._rows) - 1, -1, -1):
            if self._rows[index].event_id == event_id:
                return index
        return None

    def _last_visible(self) -> int:
        last = min(self.scroll_offset.y + self.size.height, self._heights.total) - 1
        return self._heights.find(last)[0] if last >= 0 else 0

    def _select(self, index: int) -> None:
        if not self._rows:
            return
        index = max(0, min(index, len(self._rows) - 1))
        self._selected = self._rows[index].event_id
        top, height = self._heights.top(index), self._heights[index]
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)
        elif top + height > self.scroll_offset.y + self.size.height:
            self.scroll_to(y=min(top, top + height - self.size.height), animate=False)
        self._ask_for_older()
        self.refresh()

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(name)
        return self._styles[name]

    def _row_strips(self, row: TimelineRow) -> list[Strip]:
        selected = row.event_id == self._selected
        key = (row.event_id, row.revision, self._width, selected, self.app.theme)
        strips = self._strips.get(key)
        if strips is None:
            self.rows_drawn += 1
            lines = row_lines(row, self._width - _GUTTER)
            strips = [
                # The line with the day belongs to no message in particular.
                self._strip(pieces, selected=selected and (number > 0 or row.day is None))
                for number, pieces in enumerate(lines)
            ]
            self._strips[key] = strips
        return strips

    def _strip(self, pieces: Sequence[tuple[str, str]], *, selected: bool) -> Strip:
        mark = self._style("timeline--mark" if selected else "timeline--text")
        segments = [Segment("▌" if selected else " ", mark)]
        segments += [Segment(text, self._style(style)) for text, style in pieces]
        strip = Strip(segments).adjust_cell_length(self._width, self._style("timeline--text"))
        if not selected:
            return strip
        shade = Style(bgcolor=self._style("timeline--mark").bgcolor)
        return Strip([Segment(text, (style or Style()) + shade) for text, style, _ in strip])

    def _placeholder_line(self, y: int, width: int, base: Style) -> Strip:
        if y != self.size.height // 2:
            return Strip.blank(width, base)
        words = fit(self.placeholder, width).center(width)
        return Strip([Segment(words, self._style("timeline--notice"))]).adjust_cell_length(width, base)
