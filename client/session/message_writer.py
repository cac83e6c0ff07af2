"""Writing the messages of a long answer beside the event loop, which reads the next ones meanwhile."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from client.session.events import TimelineEvent
from client.session.pacing import SLICE_SECONDS
from client.session.room_sync import Redaction, store_events
from client.session.store.timeline import NewEvent, Timeline
from client.session.store.vault import Vault

_HANDED_OVER = SLICE_SECONDS * 2 / 3
"""Seconds after which a thread that waits for Python's lock gets it.

They begin anew whenever the lock is free for a moment, as it is between two slices of the event loop: with
more than a slice, as by default, a thread waits until the loop has nothing to do.
"""


class MessageWriter:
    """Writes on the connection beside, in a thread, each lot in one transaction.

    Nobody else may write to the timeline until the block ends. A lot that the thread has begun is written to
    its end, also when who waits for it is cancelled.
    """

    def __init__(self, db: Vault) -> None:
        self._db = db
        self._busy = threading.Lock()
        self._ended = False
        self._writing: asyncio.Future[list[TimelineEvent]] | None = None
        self._stored: list[TimelineEvent] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._busy:  # some milliseconds at most
            self._ended = True
        if self._writing is not None and self._writing.done() and not self._writing.cancelled():
            self._writing.exception()  # whoever failed before has told of a failure already

    async def write(self, events: Sequence[NewEvent | Redaction]) -> None:
        """Begin to write a lot, once the one before is written."""
        await self._finish_lot()
        sys.setswitchinterval(min(sys.getswitchinterval(), _HANDED_OVER))
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, events)

    async def finish(self) -> list[TimelineEvent]:
        """Wait until everything is written; return what is new or changed."""
        await self._finish_lot()
        return self._stored

    async def _finish_lot(self) -> None:
        if self._writing is not None:
            self._stored += await asyncio.shield(self._writing)
            self._writing = None

    def _write(self, events: Sequence[NewEvent | Redaction]) -> list[TimelineEvent]:
        with self._busy:
            if self._ended:
                return []
            own = self._db.beside()
            with own.atomic():
                return store_events(Timeline(own), events)
