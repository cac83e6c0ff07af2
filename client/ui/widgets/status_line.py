"""The last line but one: how the session stands, what is being sent, and what has gone wrong."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from client.session.events import Connection, ConnectionChanged
from client.views.safe_text import single_line
from client.views.status import connection_words, sending_words

_STYLES = {
    Connection.STARTING: "$text-warning",
    Connection.LIVE: "$text-success",
    Connection.OFFLINE: "$text-error bold",
    Connection.LOGGED_OUT: "$text-error bold",
    Connection.CATCHING_UP: "$text-warning",
}


_STARTING = ConnectionChanged(connection=Connection.STARTING)
_NOTICE_SECONDS = 6


class StatusLine(Static):
    """Tells the truth in words; colours only repeat it."""

    connection: reactive[ConnectionChanged] = reactive(_STARTING, layout=True)
    unsent: reactive[int] = reactive(0, layout=True)
    transfer: reactive[str] = reactive("", layout=True)
    """How far a file is on its way."""
    trouble: reactive[str] = reactive("", layout=True)
    """What went wrong last and what to do about it; empty once something went right."""
    notice: reactive[str] = reactive("", layout=True)
    """Something to know for a moment, which is no error."""

    def __init__(self, user_id: str, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._user_id = single_line(user_id)

    def tell(self, words: str) -> None:
        """Show a notice for a few seconds."""
        self.notice = words
        self.set_timer(_NOTICE_SECONDS, lambda: self._forget(words))

    def _forget(self, words: str) -> None:
        if self.notice == words:
            self.notice = ""

    def render(self) -> Content:
        """Put the parts after one another; trouble comes before everything else."""
        connection = self.connection.connection
        words = connection_words(self.connection)
        parts = [Content.styled(f"● {words}", _STYLES[connection])]
        if self.unsent:
            parts.append(Content.styled(sending_words(self.unsent), "$text-warning"))
        if self.transfer:
            parts.append(Content.styled(self.transfer, "$text-warning"))
        if self.notice:
            parts.append(Content.styled(self.notice, "bold"))
        if self.trouble:
            parts.append(Content.styled(self.trouble, "$text-error bold"))
        elif not self.notice:
            parts.append(Content(self._user_id))
        return Content("  ").join(parts)
