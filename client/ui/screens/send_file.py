"""Which file to send: its path is typed, its size and name are shown, and then it is asked once more."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from client.ui.keys import DIALOG_KEYS
from client.ui.widgets.path_input import PathInput
from client.views.attachment_words import size_words
from client.views.file_paths import FoundFile, found_file
from client.views.safe_text import single_line


class SendFileScreen(ModalScreen[Path | None]):
    """Gives the file to be sent to the room called `room_name`, or None."""

    CSS_PATH = "file_dialog.tcss"
    BINDINGS = DIALOG_KEYS

    def __init__(self, room_name: str) -> None:
        super().__init__()
        self._room_name = single_line(room_name)
        self._found: FoundFile | None = None

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical(classes="file-dialog"):
            yield Static(f"Send a file to {self._room_name}", classes="file-title", markup=False)
            yield PathInput(placeholder="Path of the file. Tab completes it.", id="file-path")
            yield Static("", id="file-said", markup=False)
            with Horizontal(id="file-answers"):
                yield Button("Send", id="file-yes", variant="primary", disabled=True)
                yield Button("Cancel", id="file-no")

    @on(PathInput.Changed)
    def _typed(self) -> None:
        self._show(None, "")

    @on(PathInput.Submitted)
    def _submitted(self, event: PathInput.Submitted) -> None:
        try:
            found = found_file(event.value)
        except ValueError as error:
            self._show(None, str(error))
            return
        name = single_line(found.path.name, most_characters=150)
        self._show(found, f"Send {name}, {size_words(found.size)}, to {self._room_name}?")
        self.query_one("#file-yes", Button).focus()

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(self._found.path if self._found is not None and event.button.id == "file-yes" else None)

    def action_cancel(self) -> None:
        """Send nothing."""
        self.dismiss(None)

    def _show(self, found: FoundFile | None, words: str) -> None:
        self._found = found
        self.query_one("#file-said", Static).update(words)
        self.query_one("#file-yes", Button).disabled = found is None
