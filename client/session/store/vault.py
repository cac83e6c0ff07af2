"""Opening an encrypted database: its mode, its key, its pragmas, and its failures in plain words."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from client.session.errors import StoreError, StoreKeyWrong, StoreTooNew
from client.session.secret import Secret
from client.session.store.sqlcipher import Database, Migrations, dbapi2
from client.session.store.store_connection import StoreConnection, store_error

KEY_LENGTH = 32
"""Bytes of a vault's key. It is random, never a passphrase: SQLCipher derives nothing from it."""
_PAGE = 4096


class Vault(Database):
    """An encrypted database. Statements outside `atomic()` commit by themselves.

    What is committed outlasts a power cut, not only the end of the process: a ratchet whose ciphertext has
    gone out may never be found where it was before.
    """

    def __init__(self, connection: dbapi2.Connection, open_another: Callable[[], dbapi2.Connection]) -> None:
        super().__init__(connection, execute_plugins=False)
        self._open_another = open_another
        self._beside: Vault | None = None

    @property
    def path(self) -> Path:
        """The file of the database."""
        path: Path = self.conn.path  # type: ignore[attr-defined] # sqlite-utils types it as sqlite3's
        return path

    def another(self) -> Vault:
        """Open a second connection, for one thread at a time, whichever; the caller closes it.

        What it commits outlasts a power cut with the next commit of this one only: nobody waits for the disk
        while it writes what can be had again.
        """
        connection = self._open_another()
        connection.execute("PRAGMA synchronous = normal")
        return Vault(connection, self._open_another)

    def beside(self) -> Vault:
        """Return a second connection that is kept, with the pages that it has read, until this one closes.

        It is for one thread at a time. It makes no checkpoints by itself.
        """
        if self._beside is None:
            self._beside = self.another()
            self._beside.execute("PRAGMA wal_autocheckpoint = 0")
        return self._beside

    @contextlib.contextmanager
    def atomic_beside(self) -> Iterator[Vault]:
        """Make the block one transaction, of the connection beside where there is one that nobody uses now.

        What another connection writes takes away the pages that a connection keeps: a row of long answers is
        best written by one alone.
        """
        beside = self._beside
        if beside is None or self.conn.in_transaction:
            with self.atomic():
                yield self
            return
        self.conn, beside.conn = beside.conn, self.conn
        try:
            self.conn.execute("PRAGMA synchronous = full")
            with self.atomic():
                yield self
        finally:
            self.conn.execute("PRAGMA synchronous = normal")
            self.conn, beside.conn = beside.conn, self.conn

    def close(self) -> None:
        """Close this connection, and the one beside it."""
        if self._beside is not None:
            self._beside.close()
            self._beside = None
        super().close()

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
        except BaseException:  # also when interrupted: rolled back, then raised again
            self.rollback()
            raise


def open_vault(path: Path, key: bytes | Secret[bytes]) -> Vault:
    """Open the SQLCipher database at `path` with a raw `key` of 32 bytes, creating it with mode 0600.

    Raises StoreKeyWrong, StoreDamaged where the beginning of the file is not as it was written, and
    StoreError when it cannot be opened.
    """
    key = key if isinstance(key, Secret) else Secret(key)  # a traceback would show the bytes
    if len(key.reveal()) != KEY_LENGTH:
        raise StoreKeyWrong(
            f"The key of {path} is not a key.",
            why=f"It must have {KEY_LENGTH} bytes and has {len(key.reveal())}.",
            remedy="Restore the key file from its backup.",
        )
    connection = _connected(path, key)
    return Vault(connection, functools.partial(_connected, path, key, any_thread=True))


def _connected(path: Path, key: Secret[bytes], *, any_thread: bool = False) -> StoreConnection:
    try:
        if not any_thread:  # else the file is open, and to close it once more would give its locks up (POSIX)
            _make_private(path)
        connection: StoreConnection = dbapi2.connect(
            str(path), isolation_level=None, factory=StoreConnection, check_same_thread=not any_thread
        )
    except (OSError, dbapi2.Error) as error:
        raise _unusable(path, f"It cannot be opened ({error}).") from None
    connection.path = path
    try:
        connection.execute("PRAGMA cipher_log_level = none")  # else a wrong key is told to stderr
        connection.execute(f"PRAGMA key = \"x'{key.reveal().hex()}'\"")
        _see_that_it_opens(connection)
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = full")
        connection.execute("PRAGMA fullfsync = on")  # macOS: through the disk's own cache too
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA busy_timeout = 5000")
    except BaseException:  # also when interrupted: closed, then raised again
        connection.close()
        raise
    return connection


def migrate(db: Database, migrations: Migrations, path: Path) -> None:
    """Bring the schema up to date. Raises StoreTooNew, and StoreError when it is damaged or the disk full."""
    with reported_failures(path):
        known = set(_registered(migrations))
        newer = [migration.name for migration in migrations.applied(db) if migration.name not in known]
        if newer:
            raise StoreTooNew(
                f"The store {path} was written by a newer version of Rogatory.",
                why=f"It has the change {newer[0]!r}, which this version does not know.",
                remedy="Upgrade Rogatory on this machine. Nothing was changed.",
            )
        if migrations.pending(db):
            migrations.apply(db)


@contextlib.contextmanager
def reported_failures(path: Path | None) -> Iterator[None]:
    """Turn what SQLite raises in the block, and the connection has not named already, into a StoreError."""
    try:
        yield
    except dbapi2.DatabaseError as error:
        raise _unusable(path, f"SQLite says: {error}.") from None


def _make_private(path: Path) -> None:
    """Create the file with mode 0600, and take a wider mode from one that a backup has brought back.

    SQLite would create it for all to read; -wal and -shm take the mode of the main file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            path.chmod(0o600)
    finally:
        os.close(descriptor)


def _see_that_it_opens(connection: StoreConnection) -> None:
    """Read the first page. Raises StoreKeyWrong, or StoreDamaged where the key fits other pages."""
    try:
        dbapi2.Cursor(connection).execute("SELECT count(*) FROM sqlite_master").fetchone()
    except dbapi2.DatabaseError as error:
        path, pages = connection.path, connection.path.stat().st_size // _PAGE
        fits_no_page = pages > 0 and len(connection.damaged_pages()) >= pages
        if "not a database" not in str(error) or not fits_no_page:
            raise store_error(connection, error) or _unusable(path, f"SQLite says: {error}.") from None
        raise StoreKeyWrong(
            f"The key does not open {path}.",
            why="The file was made with another key, is no store of ours, or is damaged in its first bytes.",
            remedy="Restore the key that belongs to it, or the file; or move the file away to begin anew.",
        ) from None


def _registered(migrations: Migrations) -> list[str]:
    # sqlite-utils offers no list of all migrations: pending() of a store without any is that list.
    return [migration.name for migration in migrations.pending(Database(memory=True))]


def _unusable(path: Path | None, why: str) -> StoreError:
    return StoreError(
        f"The store {path} cannot be used." if path else "The store cannot be used.",
        why=why,
        remedy="Make room if the disk is full; else restore the store, or move it away and log in again.",
    )
