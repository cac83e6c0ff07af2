"""Files that are being written, remembered so that none is left lying after a kill -9."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database


class UnfinishedFiles:
    """The temporary files of one account, wherever on the disk; their paths stand in the account's store."""

    def __init__(self, db: Database) -> None:
        self._facts = Facts(db)

    def clear(self) -> None:
        """Remove what an earlier process left. Only the process that holds the store may call this."""
        if paths := self._paths():
            self._remember({path for path in paths if not _removed(path)})

    @contextlib.contextmanager
    def new(self, folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
        """Open a new 0600 file in `folder`, and remove it when the block ends, unless it was moved away.

        Raises OSError.
        """
        path = folder.absolute() / f".rogatory-{secrets.token_hex(8)}.part"
        self._remember({*self._paths(), path})
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w+b") as file:
                yield path, file
        finally:
            if _removed(path):  # else the next opening tries again
                self._remember(self._paths() - {path})

    def _paths(self) -> set[Path]:
        stored = self._facts.get(Fact.UNFINISHED_FILES) or b""
        return {Path(os.fsdecode(path)) for path in stored.split(b"\0") if path}

    def _remember(self, paths: set[Path]) -> None:
        self._facts.put(Fact.UNFINISHED_FILES, b"\0".join(os.fsencode(path) for path in paths))


def _removed(path: Path) -> bool:
    """Remove a file; False where it may still be there, as on a disk that is away."""
    try:
        path.unlink()
    except FileNotFoundError:
        return path.parent.is_dir()
    except OSError:
        return False
    return True
