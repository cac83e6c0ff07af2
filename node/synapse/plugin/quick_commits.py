"""SQLite commits that do not wait for the disk.

With a write-ahead log and `synchronous = NORMAL` a killed process loses nothing and the database stays whole;
a power failure may take the last commits with it. Waiting for the disk is most of the time that six nodes on
one machine take to make their rooms.
"""

from __future__ import annotations

from synapse.storage.database import LoggingDatabaseConnection
from synapse.storage.engines.sqlite import Sqlite3Engine


def commit_quickly() -> None:
    """Let every SQLite connection that Synapse opens from now on commit without waiting for the disk."""
    opened = Sqlite3Engine.on_new_connection

    def on_new_connection(self: Sqlite3Engine, db_conn: LoggingDatabaseConnection) -> None:
        opened(self, db_conn)
        db_conn.execute("PRAGMA synchronous = NORMAL")

    Sqlite3Engine.on_new_connection = on_new_connection  # type: ignore[method-assign] # there is no setting for it
