"""Where a message is written: Enter sends it, Ctrl+J begins a new line."""

from __future__ import annotations

from dataclasses import dataclass

from textual.events import Key
from textual.message import Message
from textual.widgets import TextArea

from client.ui.keys import COMPOSER_KEYS


class Composer(TextArea):
    """A text of several lines that grows with what is typed. It never reads or writes a file."""

    BINDINGS = COMPOSER_KEYS

    @dataclass
    class Submitted(Message):
        """The text was sent off; the composer is empty again."""

        text: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            tab_behavior="focus",
            compact=True,
            highlight_cursor_line=False,
            placeholder="Write a message. Enter sends it.",
        )

    async def _on_key(self, event: Key) -> None:
        """Send here, in the order of the keys: a binding with priority would overtake what was typed."""
        active = self.screen.active_bindings.get(event.key)
        if active is not None and active.node is self and active.binding.action == "send":
            event.prevent_default()
            event.stop()
            self.action_send()
            return
        await super()._on_key(event)

    def action_send(self) -> None:
        """Give the text to be sent, unless there is nothing in it but spaces."""
        text = self.text.strip("\n")
        if text.strip():
            self.clear()
            self.post_message(self.Submitted(text))

    def action_new_line(self) -> None:
        """Begin a new line at the cursor."""
        self.replace("\n", *self.selection)

    def restore(self, text: str) -> None:
        """Put a text back, the cursor at its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)
