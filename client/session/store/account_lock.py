"""One process holds an account's store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from client.session.errors import StoreError, StoreHeld
from client.session.local.lock import FileLock, Locked


@contextlib.contextmanager
def held_store(path: Path, user_id: str) -> Iterator[None]:
    """Hold the lock at `path` as long as the block runs.

    Raises StoreHeld, which names the holder, and StoreError where the lock is another user's.
    """
    lock = FileLock(path)
    try:
        lock.acquire()
    except Locked as locked:
        holder = "another process" if locked.holder is None else f"process {locked.holder}"
        raise StoreHeld(
            f"The session of {user_id} is in use.",
            why=f"{holder[0].upper()}{holder[1:]} holds its store, and only one may.",
            remedy="Wait until it has ended, or end it.",
        ) from None
    except OSError as error:
        raise StoreError(
            f"The session of {user_id} cannot be opened.",
            why=f"{path} {_whose(path)}, and the system says: {error.strerror}.",
            remedy="Work as the user to whom the folder belongs, or see that the disk can be written.",
        ) from None
    try:
        yield
    finally:
        lock.release()


def _whose(path: Path) -> str:
    try:
        return f"belongs to the user {path.owner()}"
    except (OSError, KeyError):  # not to be seen either, or of a user who has no name
        return "is not this user's to open"
