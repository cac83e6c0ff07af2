"""The question whether to join a room that one has been invited to."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from client.session.events import RoomSummary
from client.ui.keys import DIALOG_KEYS
from client.views.safe_text import single_line


@dataclass(frozen=True)
class Answer:
    """What was decided about an invitation."""

    room_id: str
    accepted: bool


class InvitationScreen(ModalScreen[Answer | None]):
    """Asks: join, decline, or decide later."""

    CSS_PATH = "invitation.tcss"
    BINDINGS = DIALOG_KEYS

    def __init__(self, room: RoomSummary) -> None:
        super().__init__()
        self._room = room

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        inviter = single_line(self._room.inviter or "", empty="someone")
        with Vertical(id="invitation"):
            yield Static("Invitation", id="invitation-title", markup=False)
            yield Static(f"{inviter} invites you to:", markup=False)
            yield Static(single_line(self._room.name), id="invitation-room", markup=False)
            with Horizontal(id="invitation-answers"):
                yield Button("Join", id="join", variant="primary")
                yield Button("Decline", id="decline")
                yield Button("Later", id="later")

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        if event.button.id == "later":
            self.dismiss(None)
        else:
            self.dismiss(Answer(self._room.room_id, event.button.id == "join"))

    def action_cancel(self) -> None:
        """Decide later."""
        self.dismiss(None)
