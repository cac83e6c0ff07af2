"""A file that a message brings, in the words that are shown for it: its name, its size, its caption."""

from __future__ import annotations

from client.session.attachments.file_summary import FileSummary, file_summary
from client.session.events import Content
from client.views.safe_text import single_line

_UNITS = ("kB", "MB", "GB", "TB", "PB")
_KINDS = {"file": "File", "image": "Image", "audio": "Sound", "video": "Video"}


def size_words(size: int) -> str:
    """Return a number of bytes as a person reads it: `0 bytes`, `1 byte`, `1.5 kB` of 1000, `12 MB`."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    amount, unit = size / 1000, 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if amount < 9.95 else f"{amount:.0f} {_UNITS[unit]}"


def attachment_words(content: Content) -> str | None:
    """Return `File: report.pdf, 1.2 MB` for a message's content, None where it brings no file.

    The name is the one under which it would be saved; the size is what its sender says.
    """
    summary = file_summary(content)
    return None if summary is None else summary_words(summary)


def summary_words(summary: FileSummary) -> str:
    """Return the same for what is known of a file."""
    size = "size not said" if summary.size is None else size_words(summary.size)
    return f"{_KINDS[summary.kind]}: {single_line(summary.name, most_characters=150)}, {size}"


def transfer_words(what: str, done: int, total: int | None) -> str:
    """Return `Sending report.pdf: 1.2 MB of 3.4 MB`; `total` is None where nobody has said it."""
    of = f" of {size_words(total)}" if total is not None else ""
    return f"{single_line(what, most_characters=50)}: {size_words(done)}{of}"


def caption(content: Content) -> str | None:
    """Return the text that comes with a message's file, as it was sent; None where there is none."""
    summary = file_summary(content)
    return summary.caption if summary else None
