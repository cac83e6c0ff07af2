"""Where an attachment is saved: a file that is not there yet, unless it is to be overwritten."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from client.session.attachments.file_name import shown_path
from client.session.errors import TargetExists, TargetUnusable


@dataclass(frozen=True)
class Target:
    """A file to be. `replace` says that one of that name may be overwritten."""

    path: Path
    replace: bool

    def place(self, part: Path) -> None:
        """Give a finished file its final name, in one step. Raises TargetExists and OSError."""
        if self.replace:
            part.replace(self.path)
            return
        try:
            # Reserves the name: a rename alone would overwrite what has come there meanwhile.
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise _exists(self.path) from None
        try:
            part.replace(self.path)
        except OSError:
            self.path.unlink()
            raise


def chosen_target(target: Path, name: str, *, replace: bool) -> Target:
    """Return the file that `target` means: itself, or `name` in it where it is a folder.

    Raises TargetExists, TargetUnusable.
    """
    target = target.absolute()
    try:
        path = target / name if target.is_dir() else target
        if not path.parent.is_dir():
            raise unusable(path, "There is no such folder.")
        if path.is_dir() or "\0" in str(path):
            raise unusable(path, "That is no name of a file.")
    except OSError as error:
        raise unusable(target, f"The system says: {error.strerror}.") from None
    if not replace and os.path.lexists(path):
        raise _exists(path)
    return Target(path, replace)


def unusable(path: Path, why: str) -> TargetUnusable:
    """Return the error for a place where no file can be written."""
    return TargetUnusable(
        f"The file cannot be saved as {shown_path(path)}.",
        why=why,
        remedy="Name another file or folder.",
    )


def _exists(path: Path) -> TargetExists:
    return TargetExists(
        f"There is a file {shown_path(path)} already.",
        why="What is there is never overwritten without being told to.",
        remedy="Name another file, or say that this one shall be replaced.",
    )
