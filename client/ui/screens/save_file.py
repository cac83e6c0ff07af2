"""Where to save the file that a message brings: asked, done and, where it goes wrong, said in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from client.session.attachments.file_summary import FileSummary
from client.session.errors import TargetExists
from client.session.events import SavedFile, TransferProgress
from client.ui.keys import DIALOG_KEYS
from client.ui.widgets.path_input import PathInput
from client.views.attachment_words import summary_words, transfer_words
from client.views.safe_text import single_line
from policies.errors import RogatoryError

Save = Callable[[Path, bool, TransferProgress], Awaitable[SavedFile]]
"""Saves the file as a path, over what is there if the second argument says so."""


class SaveFileScreen(ModalScreen[SavedFile | None]):
    """Gives what was saved, or None. Closed before it is done, it stops, and nothing stays of the file."""

    CSS_PATH = "file_dialog.tcss"
    BINDINGS = DIALOG_KEYS

    def __init__(self, summary: FileSummary, save: Save) -> None:
        super().__init__()
        self._summary = summary
        self._save = save

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical(classes="file-dialog"):
            yield Static(f"Save {summary_words(self._summary)}", classes="file-title", markup=False)
            yield PathInput(
                self._summary.name, placeholder="File or folder. Tab completes it.", id="file-path"
            )
            yield Static("", id="file-said", markup=False)
            with Horizontal(id="file-answers"):
                yield Button("Save", id="file-yes", variant="primary")
                yield Button("Replace it", id="file-replace", disabled=True)
                yield Button("Cancel", id="file-no")

    @on(PathInput.Changed)
    def _typed(self) -> None:
        self._say("")
        self.query_one("#file-replace", Button).disabled = True

    @on(PathInput.Submitted)
    def _submitted(self) -> None:
        self._begin(replace=False)

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        if event.button.id == "file-no":
            self.dismiss(None)
        else:
            self._begin(replace=event.button.id == "file-replace")

    def action_cancel(self) -> None:
        """Save nothing; what has begun is stopped."""
        self.dismiss(None)

    def _begin(self, *, replace: bool) -> None:
        try:
            target = Path(self.query_one(PathInput).value or ".").expanduser()
        except RuntimeError:  # `~name` of nobody
            self._say("There is no such home. Name another file or folder.")
            return
        self._busy(True)
        self._say("Fetching the file")
        self.run_worker(self._saved(target, replace=replace), group="save-file", exclusive=True)

    async def _saved(self, target: Path, *, replace: bool) -> None:
        try:
            saved = await self._save(target, replace, self._show_progress)
        except RogatoryError as error:
            parts = (error.what, error.why, error.remedy)
            self._say(" ".join(single_line(part, most_characters=300) for part in parts))
            self._busy(False)
            self.query_one("#file-replace", Button).disabled = not isinstance(error, TargetExists)
        else:
            self.dismiss(saved)

    def _show_progress(self, done: int, total: int | None) -> None:
        self._say(transfer_words(f"Fetching {self._summary.name}", done, total))

    def _busy(self, busy: bool) -> None:
        for widget in (self.query_one(PathInput), self.query_one("#file-yes", Button)):
            widget.disabled = busy
        self.query_one("#file-replace", Button).disabled = True
        if not busy:
            self.query_one(PathInput).focus()

    def _say(self, words: str) -> None:
        self.query_one("#file-said", Static).update(words)
