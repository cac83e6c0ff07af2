"""The background tasks of a session: none outlives it, and a failed one ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType


class OwnedTasks:
    """A task group that cancels its tasks when the block ends, in place of waiting for them.

    An error of the block leaves as itself, and so does the error of a single failed task: callers catch what
    the session raises, not groups of it.
    """

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` in the background until it is done or the block ends."""
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def __aenter__(self) -> OwnedTasks:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        try:
            if isinstance(error, asyncio.CancelledError):
                await self._group.__aexit__(kind, error, trace)
            else:
                await self._group.__aexit__(None, None, None)
        except BaseExceptionGroup as group:
            if len(group.exceptions) == 1:
                raise group.exceptions[0] from None
            raise
