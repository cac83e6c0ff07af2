"""Paths that a person types: completed, and looked at before a file is sent."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

_MOST_LOOKED_AT = 10_000


@dataclass(frozen=True)
class FoundFile:
    """A plain file that is there: where, and how many bytes it has."""

    path: Path
    size: int


def found_file(typed: str) -> FoundFile:
    """Return the file that a path names; `~` is one's home. Raises ValueError, saying why there is none."""
    if not typed.strip():
        raise ValueError("Type the path of a file.")
    try:
        path = Path(typed).expanduser()
        status = path.stat()
    except OSError as error:
        raise ValueError(f"The system says: {error.strerror}.") from None
    except (ValueError, RuntimeError):  # a zero byte, or the home of nobody
        raise ValueError("That is no path of a file.") from None
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("That is no plain file.")
    return FoundFile(path, status.st_size)


def completed(typed: str) -> str:
    """Return a path as far as what is there leaves no choice, as it was typed where there is none.

    What begins with a dot is offered only to who types the dot, and what a terminal cannot show to nobody.
    """
    names = _names(typed)
    if not names:
        return typed
    return typed[: len(typed) - len(_last(typed))] + os.path.commonprefix(names)  # noqa: RUF071 # of letters, not of folders


def suggested(typed: str) -> str | None:
    """Return the first path that begins as it was typed, None where there is no other."""
    names = _names(typed) if typed else []
    return typed[: len(typed) - len(_last(typed))] + names[0] if names else None


def _names(typed: str) -> list[str]:
    """Return the names that the last part of a path may become, folders with the slash behind them."""
    last = _last(typed)
    try:
        folder = Path(typed[: len(typed) - len(last)] or ".").expanduser()
        with os.scandir(folder) as entries:
            found = [
                entry.name + ("/" if entry.is_dir() else "")
                for entry, _ in zip(entries, range(_MOST_LOOKED_AT), strict=False)
                if entry.name.startswith(last) and entry.name.isprintable()
            ]
    except (OSError, ValueError, RuntimeError):
        return []
    return sorted(name for name in found if last.startswith(".") or not name.startswith("."))


def _last(typed: str) -> str:
    return typed.rpartition("/")[2]
