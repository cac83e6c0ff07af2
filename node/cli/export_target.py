"""Where an export is written: beside it first, under a name of its own, and only whole under its own name."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from client.session.attachments.target import Target, chosen_target, unusable
from client.session.local.private_files import private_folder, write_private
from node.home import Home


def export_target(path: Path, name: str, home: Home | None, *, replace: bool) -> Target:
    """Return the file that --output or --html means. Raises TargetExists, TargetUnusable.

    It is plaintext, so it does not lie in the home, where none ever does.
    """
    target = chosen_target(path, name, replace=replace)
    if home is not None and target.path.resolve().is_relative_to(home.root.resolve()):
        raise unusable(target.path, "It is in clear, and in the home everything is encrypted.")
    return target


@contextlib.contextmanager
def staging(target: Target) -> Iterator[Path]:
    """Yield a private folder beside the target, and remove it with all that is in it.

    What a killed export has left there, the next one to the same target removes.
    """
    folder = target.path.with_name(f".{target.path.name}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        private_folder(folder)
    except OSError as error:
        raise unusable(target.path, f"The system says: {error.strerror}.") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def place(target: Target, data: bytes) -> None:
    """Write a 0600 file: on the disk first, then under its name. Raises TargetExists, TargetUnusable."""
    with staging(target) as folder:
        part = folder / "part"
        try:
            write_private(part, data)
            target.place(part)
            _to_disk(target.path.parent)
        except OSError as error:
            raise unusable(target.path, f"The system says: {error.strerror}.") from None


def _to_disk(folder: Path) -> None:
    """See that the new name is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
