"""How far a file is on its way: one line on a terminal that changes, nothing elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from client.session.events import TransferProgress
from client.views.attachment_words import size_words
from client.views.safe_text import single_line
from node.cli.up.progress import Progress as ProgressLine


@contextlib.contextmanager
def shown_transfer(what: str) -> Iterator[TransferProgress]:
    """Show on standard error, as long as the block runs, how many bytes of `what` are done."""
    line = ProgressLine(sys.stderr)
    name = single_line(what, most_characters=50)
    shown = ""

    def show(done: int, total: int | None) -> None:
        nonlocal shown
        of = f" of {size_words(total)}" if total is not None else ""
        text = f"{name}: {size_words(done)}{of}"
        if text != shown:
            shown = text
            line.working(text)

    try:
        yield show
    finally:
        line.clear()
