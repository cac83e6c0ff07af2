"""Opening an encrypted database: its mode, its key, its pragmas, and its failures in plain words."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from client.session.errors import StoreError, StoreKeyWrong
from client.session.store.sqlcipher import Database, Migrations, dbapi2

KEY_LENGTH = 32
"""Bytes of a vault's key. It is random, never a passphrase: SQLCipher derives nothing from it."""


class Vault(Database):
    """An encrypted database. Statements outside `atomic()` commit by themselves."""

    def __init__(self, connection: dbapi2.Connection, open_another: Callable[[], dbapi2.Connection]) -> None:
        super().__init__(connection, execute_plugins=False)
        self._open_another = open_another

    def another(self) -> Vault:
        """Open a second connection, for one thread at a time, whichever; the caller closes it."""
        return Vault(self._open_another(), self._open_another)

    @contextlib.contextmanager
    def atomic(self) -> Iterator[Vault]:
        """Make the block one transaction, a part of it where there is one already.

        It may write from its beginning: one that had only read could not any more once another connection
        has written.
        """
        if self.conn.in_transaction:
            with super().atomic():
                yield self
            return
        self.conn.execute("BEGIN IMMEDIATE")
        try:
            yield self
            self.conn.execute("COMMIT")
        except BaseException:
            self.rollback()
            raise


def open_vault(path: Path, key: bytes) -> Vault:
    """Open the SQLCipher database at `path` with a raw `key` of 32 bytes, creating it with mode 0600.

    Raises StoreKeyWrong, or StoreError when the file
    is damaged or cannot be opened.
    """
    if len(key) != KEY_LENGTH:
        raise StoreKeyWrong(
            f"The key of {path} is not a key.",
            why=f"It must have {KEY_LENGTH} bytes and has {len(key)}.",
            remedy="Restore the key file from its backup.",
        )
    connection = _connected(path, key)
    return Vault(connection, functools.partial(_connected, path, key, any_thread=True))


def _connected(path: Path, key: bytes, *, any_thread: bool = False) -> dbapi2.Connection:
    try:
        # SQLite would create the file for all to read; -wal and -shm take the mode of the main file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = dbapi2.connect(str(path), isolation_level=None, check_same_thread=not any_thread)
    except (OSError, dbapi2.Error) as error:
        raise _unusable(path, f"It cannot be opened ({error}).") from None
    try:
        connection.execute("PRAGMA cipher_log_level = none")  # else a wrong key is told to stderr
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = normal")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA busy_timeout = 5000")
    except dbapi2.DatabaseError as error:
        connection.close()
        if "not a database" in str(error):
            raise StoreKeyWrong(
                f"The key does not open {path}.",
                why="The file was made with another key, or is no store of ours.",
                remedy="Restore the key that belongs to it, or move the file away to begin anew.",
            ) from None
        raise _unusable(path, f"SQLite says: {error}.") from None
    return connection


def migrate(db: Database, migrations: Migrations, path: Path) -> None:
    """Bring the schema up to date. Raises StoreError when a newer version of Rogatory wrote it."""
    with reported_failures(path):
        known = set(_registered(migrations))
        newer = [migration.name for migration in migrations.applied(db) if migration.name not in known]
        if newer:
            raise StoreError(
                f"The store {path} was written by a newer version of Rogatory.",
                why=f"It has the change {newer[0]!r}, which this version does not know.",
                remedy="Upgrade Rogatory on this machine.",
            )
        if migrations.pending(db):
            migrations.apply(db)


@contextlib.contextmanager
def reported_failures(path: Path | None) -> Iterator[None]:
    """Turn what SQLite raises in the block (damage, a full disk) into a StoreError."""
    try:
        yield
    except dbapi2.DatabaseError as error:
        raise _unusable(path, f"SQLite says: {error}.") from None


def _registered(migrations: Migrations) -> list[str]:
    # sqlite-utils offers no list of all migrations: pending() of a store without any is that list.
    return [migration.name for migration in migrations.pending(Database(memory=True))]


def _unusable(path: Path | None, why: str) -> StoreError:
    return StoreError(
        f"The store {path} cannot be used." if path else "The store cannot be used.",
        why=why,
        remedy="Make room if the disk is full; else restore the store, or move it away and log in again.",
    )
