"""Moving what was committed from the write-ahead log into the database, and tidying up what it left.

That happens beside the event loop. SQLite moves the log by itself in some commit once it is long, and that
commit then waits for the disk: on the event loop everybody would wait with it.
"""

from __future__ import annotations

import asyncio
import contextlib

from client.session.store import event_ids, search_index
from client.session.store.vault import Vault

_LONG = 1_000
"""Pages of the log that are worth the trouble."""
_TOO_LONG = 16_384
"""Pages (64 MiB) from which SQLite is to do it by itself all the same."""


class Checkpoints:
    """The checkpoints of one store."""

    def __init__(self, db: Vault) -> None:
        self._db = db
        db.execute(f"PRAGMA wal_autocheckpoint = {_TOO_LONG}")

    async def after_commit(self) -> None:
        """Make a checkpoint if it is time for one. Neither readers nor writers wait for it."""
        _, pages, moved = self._db.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
        if pages - moved >= _LONG:
            await asyncio.to_thread(self._move)

    def _move(self) -> None:
        with contextlib.closing(self._db.another()) as own:
            event_ids.move_new(own)
            search_index.merge_some(own)
            own.execute("PRAGMA wal_checkpoint(PASSIVE)")
