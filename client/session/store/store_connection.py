"""The connection to an encrypted store, on which damage, a full disk and the like are errors of ours.

Whoever reads a page of a timeline need not know SQLite's errors. What a statement itself does wrong, a broken
constraint for instance, stays SQLite's error: that is for the code that wrote the statement.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from client.session.errors import StoreDamaged, StoreError, StoreFull
from client.session.store.sqlcipher import dbapi2

_FULL, _CORRUPT, _NOT_A_DATABASE = 13, 11, 26
_OF_THE_SYSTEM = {3, 5, 6, 8, 10, 14}
"""SQLite's codes PERM, BUSY, LOCKED, READONLY, IOERR and CANTOPEN."""
_MOST_PAGES_NAMED = 5


class StoreConnection(dbapi2.Connection):  # type: ignore[misc] # sqlcipher3 has no types
    """A connection of `open_vault`; `path` is the database's."""

    path: Path

    def cursor(self, *_: object) -> _StoreCursor:
        """Return a cursor that raises our errors; everything that is executed goes through one."""
        return _StoreCursor(self)

    def damaged_pages(self) -> list[str]:
        """Return what is wrong with which page, in SQLCipher's words; reads the whole file."""
        try:
            return [str(words) for (words,) in dbapi2.Cursor(self).execute("PRAGMA cipher_integrity_check")]
        except dbapi2.DatabaseError:
            return []


class _StoreCursor(dbapi2.Cursor):  # type: ignore[misc] # as above
    """A cursor whose errors are ours where the store itself is at fault."""

    def execute(self, *arguments: Any) -> Any:
        with _translated(self.connection):
            return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        with _translated(self.connection):
            return super().executemany(*arguments)

    def fetchone(self) -> Any:
        with _translated(self.connection):
            return super().fetchone()

    def fetchall(self) -> Any:
        with _translated(self.connection):
            return super().fetchall()

    def __next__(self) -> Any:
        with _translated(self.connection):
            return super().__next__()


@contextlib.contextmanager
def _translated(connection: StoreConnection) -> Iterator[None]:
    try:
        yield
    except dbapi2.DatabaseError as error:
        ours = store_error(connection, error)
        if ours is None:
            raise
        raise ours from None


def store_error(connection: StoreConnection, error: Exception) -> StoreError | None:
    """Return our error for SQLite's where the store itself is at fault, None where the statement is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _FULL:
        return StoreFull(
            f"There is no room to write to the store {connection.path}.",
            why=f"SQLite says: {error}. What was about to be written is not there, not even in part.",
            remedy="Make room on the disk and go on: what was stored before is whole, what waits goes out.",
        )
    if code in (_CORRUPT, _NOT_A_DATABASE):
        return _damaged_store(connection.path, str(error), connection.damaged_pages())
    if code in _OF_THE_SYSTEM:
        return StoreError(
            f"The store {connection.path} cannot be used.",
            why=f"SQLite says: {error}.",
            remedy="See that the disk works and has room, and that this user may write there; then go on.",
        )
    return None


def _damaged_store(path: Path, why: str, pages: list[str]) -> StoreDamaged:
    """Return the error for a database that is not as it was written, `pages` being what SQLCipher says."""
    named = "; ".join(pages[:_MOST_PAGES_NAMED])
    more = f" and {len(pages) - _MOST_PAGES_NAMED} more" if len(pages) > _MOST_PAGES_NAMED else ""
    return StoreDamaged(
        f"The store {path} is damaged.",
        why=f"SQLite says: {why}." + (f" SQLCipher says: {named}{more}." if named else ""),
        remedy="Restore it from a backup. Else run `rogatory logout --here-only --lose-history`, log in "
        "again, and recover the history with the recovery key.",
    )
