"""How far a file is on its way: one line on a terminal that changes, nothing elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from client.session.events import TransferProgress
from client.views.attachment_words import transfer_words
from node.cli.up.progress import Progress as ProgressLine


@contextlib.contextmanager
def shown_transfer(what: str) -> Iterator[TransferProgress]:
    """Show on standard error, as long as the block runs, how many bytes of `what` are done."""
    line = ProgressLine(sys.stderr)
    shown = ""

    def show(done: int, total: int | None) -> None:
        nonlocal shown
        text = transfer_words(what, done, total)
        if text != shown:
            shown = text
            line.working(text)

    try:
        yield show
    finally:
        line.clear()
