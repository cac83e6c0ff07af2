"""Go to a room by typing a part of its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from client.session.events import RoomSummary
from client.ui.keys import SWITCHER_KEYS
from client.views.room_places import matches
from client.views.safe_text import single_line

_MOST_SHOWN = 200


class RoomSwitcher(ModalScreen[str | None]):
    """Gives the id of the room that was chosen, or None.

    `rooms` are shown in the order given, each with its space from `places` (room id to name).
    """

    CSS_PATH = "room_switcher.tcss"
    BINDINGS = SWITCHER_KEYS

    def __init__(self, rooms: Sequence[RoomSummary], places: Mapping[str, str]) -> None:
        super().__init__()
        self._rooms = rooms
        self._places = places
        self._matching: list[RoomSummary] = []

    def compose(self) -> ComposeResult:
        """Lay out the question and the list."""
        with Vertical(id="switcher"):
            yield Input(placeholder="Part of a room's name", id="switcher-words")
            yield OptionList(id="switcher-rooms", markup=False)

    def on_mount(self) -> None:
        """Begin with all rooms."""
        self._list_rooms("")

    @on(Input.Changed)
    def _words_changed(self, event: Input.Changed) -> None:
        self._list_rooms(event.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self.dismiss(self._matching[highlighted].room_id)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._matching[event.option_index].room_id)

    def action_move(self, direction: int) -> None:
        """Go up or down in the list while the words keep the focus."""
        rooms = self.query_one(OptionList)
        if direction > 0:
            rooms.action_cursor_down()
        else:
            rooms.action_cursor_up()

    def action_cancel(self) -> None:
        """Stay where one is."""
        self.dismiss(None)

    def _list_rooms(self, words: str) -> None:
        matching = [room for room in self._rooms if matches(room, self._place(room), words)]
        self._matching = matching[:_MOST_SHOWN]
        rooms = self.query_one(OptionList)
        rooms.set_options([Option(_line(room, self._place(room))) for room in self._matching])
        rooms.highlighted = 0 if self._matching else None

    def _place(self, room: RoomSummary) -> str:
        return self._places.get(room.room_id, "")


def _line(room: RoomSummary, place: str) -> Content:
    """Return a room's line: its name, its unread count, its space."""
    line = Content(single_line(room.name))
    if room.unread > 0:
        line += Content.styled(f"  {room.unread} unread", "$text-warning")
    if place:
        line += Content.styled(f"  {place}", "$text-muted")
    return line
