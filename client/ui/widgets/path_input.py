"""Where a path is typed: what it may become stands behind it, and Tab takes it."""

from __future__ import annotations

from textual.suggester import Suggester
from textual.widgets import Input

from client.ui.keys import PATH_KEYS
from client.views.file_paths import completed, suggested


class PathInput(Input):
    """A line for the path of a file of this machine."""

    BINDINGS = PATH_KEYS

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value, placeholder=placeholder, id=id, suggester=_Paths())

    def action_complete(self) -> None:
        """Go on as far as there is no choice, else as the words behind it say, else to the next part."""
        further = completed(self.value)
        if further == self.value:
            further = suggested(self.value) or further
        if further == self.value:
            self.screen.focus_next()
        else:
            self.value = further
            self.cursor_position = len(further)


class _Paths(Suggester):
    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole path."""
        return suggested(value)
