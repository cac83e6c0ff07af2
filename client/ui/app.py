"""The terminal client: paints first, opens the session afterwards, and shows what the session tells."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import tzinfo
from pathlib import Path

from rich.text import Text
from textual.app import App, SystemCommand
from textual.screen import Screen
from textual.widgets import HelpPanel

from client.session.events import Connection, ConnectionChanged
from client.session.face import Session
from client.ui.keys import APP_KEYS
from client.ui.screens.chat import ChatScreen
from policies.errors import RogatoryError
from policies.trust.manifest import Manifest

_WIDTHS: list[tuple[int, str]] = [(0, "-tiny"), (60, "-narrow"), (110, "-wide")]
"""From how many columns on the style sheets see which class."""

_OURS = Path(__file__).parents[1]

OpenSession = Callable[[], AbstractAsyncContextManager[Session]]


def run_chat(open_session: OpenSession, manifest: Manifest | None, user_id: str) -> int:
    """Run the terminal client until the person leaves it, and return the exit code.

    `open_session` is called in a thread once the screen is painted: what takes long to import belongs there.
    The session that it opens is closed before this returns. `manifest` is the network's, as pinned on this
    machine; without one no signature of the Court holds.
    """
    app = RogatoryApp(open_session, manifest, user_id)
    app.run()
    return app.return_code or 0


class RogatoryApp(App[None]):
    """One account's terminal client."""

    TITLE = "Rogatory"
    CSS_PATH = _OURS / "ui" / "screens" / "chat.tcss"  # the first screen's own CSS_PATH would not be read
    BINDINGS = APP_KEYS
    PAUSE_GC_ON_SCROLL = True
    HORIZONTAL_BREAKPOINTS = _WIDTHS

    def __init__(
        self,
        open_session: OpenSession,
        manifest: Manifest | None,
        user_id: str,
        *,
        zone: tzinfo | None = None,
    ) -> None:
        super().__init__()
        self._open_session = open_session
        self._chat = ChatScreen(user_id, manifest, zone)
        self._leaving = False

    def get_default_screen(self) -> Screen[None]:
        """Begin with the chat."""
        return self._chat

    def on_mount(self) -> None:
        """Open the session once there is something to see."""
        self.call_after_refresh(self.run_worker, self._follow_session, group="session")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer Textual's commands but the screenshot: it writes what was decrypted to a plain file."""
        for command in super().get_system_commands(screen):
            if command.title != "Screenshot":
                yield command
        yield SystemCommand("Go to room", "Find a room by its name", self._chat.action_switch_room)
        yield SystemCommand("Send a file", "Send a file to the open room", self._chat.action_send_file)
        yield SystemCommand(
            "Save the file", "Save what the selected message brings", self._chat.action_save_file
        )
        yield SystemCommand("Request", "Show or hide the request", self._chat.action_toggle_request)

    def action_toggle_help(self) -> None:
        """Show or hide the keys of what has the focus."""
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    async def action_quit(self) -> None:
        """Leave; while a message is being sent, only when asked twice."""
        if self._chat.unsent and not self._leaving:
            self._leaving = True
            self._chat.tell(
                "A message is still being sent. It is kept, and goes out the next time. Ctrl+Q again leaves."
            )
            return
        await self._chat.save_drafts()
        self.exit()

    async def _follow_session(self) -> None:
        """Hold the session open as long as the client runs, and pass on what it tells."""
        try:
            manager = await asyncio.to_thread(self._open_session)
            async with manager as session:
                self._chat.session_opened(session)
                async for update in session.updates():
                    self._chat.take(update)
        except RogatoryError as error:
            self._chat.show_error(error)
        self._chat.take(ConnectionChanged(connection=Connection.OFFLINE))

    def _fatal_error(self) -> None:
        """End with a few plain words: Textual's traceback prints local variables, secrets among them."""
        if not self._exit_renderables:
            self._exit_renderables.append(Text(_last_words(self._exception)))
        self._close_messages_no_wait()


def _last_words(error: Exception | None) -> str:
    """Say that the client has failed, and where: the kind of error and the place, never its text."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    frames = [frame for frame in frames if Path(frame.filename).is_relative_to(_OURS)] or frames
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an unknown place"
    kind = type(error).__name__ if error else "error"
    return (
        f"The terminal client stopped because of a fault of its own: {kind} in {place}.\n"
        "What the server has accepted is not lost. Start it again, and report these two lines."
    )
