"""SQLite commits that do not wait for the disk, on a development network's nodes only.

With a write-ahead log and `synchronous = NORMAL` a killed process loses nothing and the database stays whole;
a power failure may take the last commits with it. Waiting for the disk is most of the time that six nodes on
one machine take to make their rooms.
"""

from __future__ import annotations

import os

VARIABLE = "ROGATORY_QUICK_COMMITS"
"""The environment variable by which the supervisor's specification asks for it."""


def commit_quickly_if_asked() -> None:
    """Let every SQLite connection that Synapse opens from now on commit without waiting for the disk."""
    if os.environ.get(VARIABLE) != "1":
        return
    from synapse.storage.database import LoggingDatabaseConnection
    from synapse.storage.engines.sqlite import Sqlite3Engine

    opened = Sqlite3Engine.on_new_connection

    def on_new_connection(self: Sqlite3Engine, db_conn: LoggingDatabaseConnection) -> None:
        opened(self, db_conn)
        db_conn.execute("PRAGMA synchronous = NORMAL")

    Sqlite3Engine.on_new_connection = on_new_connection  # type: ignore[method-assign] # there is no setting for it
