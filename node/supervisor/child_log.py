"""A child's log: where its output goes, and the line in it that says why it ended."""

from __future__ import annotations

import os
import re
from pathlib import Path

_LARGEST = 10 * 1024 * 1024
"""Bytes; a larger log moves aside when the child starts, replacing the one that moved before."""
_TAIL = 16 * 1024
_LONGEST_LINE = 300
_TELLING = re.compile(r"error|exception|fatal|critical|refused|denied|cannot|could not", re.IGNORECASE)
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]")


def open_log(path: Path) -> tuple[int, int]:
    """Open `path` for appending (0600) and return its descriptor and its size so far. Raises OSError."""
    if path.exists() and path.stat().st_size > _LARGEST:
        path.replace(path.with_name(f"{path.name}.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return descriptor, os.fstat(descriptor).st_size


def last_words(path: Path, start: int) -> str:
    """Return the last line after byte `start` that tells of an error, else the last line, else nothing.

    What a child prints is data: control characters are left out, and the line is cut at 300 characters.
    """
    try:
        with path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(start, end - _TAIL))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [clean for line in text.splitlines() if (clean := _NOT_PRINTABLE.sub("", line).strip())]
    telling = [line for line in lines if _TELLING.search(line)]
    return (telling or lines or [""])[-1][:_LONGEST_LINE]
