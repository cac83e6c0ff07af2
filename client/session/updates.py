"""Telling the followers of a session what changes, each at its own pace."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator

from client.session.events import RoomChanged, Update


class Updates:
    """The followers of one session. Publishing never waits for them."""

    def __init__(self) -> None:
        # Weak: a follower lives as long as its iterator, also one that was never begun.
        self._followers: weakref.WeakSet[_Follower] = weakref.WeakSet()
        self._closed = False

    def publish(self, update: Update) -> None:
        """Hand an update to every follower."""
        for follower in tuple(self._followers):
            follower.put(update)

    def close(self) -> None:
        """End every follower's iteration, once it has seen what came before."""
        self._closed = True
        for follower in tuple(self._followers):
            follower.close()

    def follow(self, *known: Update) -> AsyncIterator[Update]:
        """Return what is `known` now, then what comes; following begins with this call, not with `anext`."""
        follower = _Follower()
        for update in known:
            follower.put(update)
        if self._closed:
            follower.close()
        self._followers.add(follower)
        return self._iterate(follower)

    async def _iterate(self, follower: _Follower) -> AsyncIterator[Update]:
        try:
            while (update := await follower.get()) is not None:
                yield update
        finally:
            self._followers.discard(follower)


class _Follower:
    """A queue in which a room that changed several times since the last look stands once."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Update | None] = asyncio.Queue()
        self._rooms_waiting: set[str] = set()

    def put(self, update: Update) -> None:
        if isinstance(update, RoomChanged):
            if update.room_id in self._rooms_waiting:
                return
            self._rooms_waiting.add(update.room_id)
        self._queue.put_nowait(update)

    def close(self) -> None:
        self._queue.put_nowait(None)

    async def get(self) -> Update | None:
        update = await self._queue.get()
        if isinstance(update, RoomChanged):
            self._rooms_waiting.discard(update.room_id)
        return update
