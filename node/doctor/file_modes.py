"""Can anybody but the owner read what the node keeps?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from node.doctor.finding import Finding, error, ok

CHECK = "file modes"

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SHOWN = 5


def check_file_modes(*folders: Path) -> list[Finding]:
    """Look at every file and folder under `folders`: all must be ours, and closed to everybody else."""
    return [_check(folder) for folder in folders]


def _check(folder: Path) -> Finding:
    if not folder.is_dir():
        return error(
            CHECK,
            f"There is no folder {folder}.",
            why="A node cannot run without it.",
            remedy="Make the node with `rogatory node init`, or a whole network with `rogatory up`.",
        )
    open_ones, foreign, count = [], [], 0
    for path, status in _walk(folder):
        count += 1
        if status.st_uid != os.getuid():
            foreign.append(path)
        elif status.st_mode & _OTHERS:
            open_ones.append(path)
    if foreign:
        return error(
            CHECK,
            f"Not this user's: {_named(foreign, folder)}.",
            why="Another user could change or read it.",
            remedy=f"chown -R {os.getuid()} {folder}",
        )
    if open_ones:
        return error(
            CHECK,
            f"Open to other users of this machine: {_named(open_ones, folder)}.",
            why="Keys, passwords and messages lie there; files must be 0600, folders 0700.",
            remedy=f"chmod -R go= {folder}",
        )
    return ok(CHECK, f"{folder}: {count} files and folders, closed to others")


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    yield folder, folder.lstat()
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue  # the homeserver removes temporary files while we look
            if not stat.S_ISLNK(status.st_mode):  # a link's own mode means nothing
                yield path, status


def _named(paths: list[Path], folder: Path) -> str:
    shown = [str(path.relative_to(folder)) for path in sorted(paths)[:_SHOWN]]
    rest = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
