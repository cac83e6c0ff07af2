"""What a session can say of its connection: whether the server answers, and what is still to be taken in."""

from __future__ import annotations

import asyncio
import contextlib

from client.session.events import Connection, ConnectionChanged
from client.session.updates import Updates

_WORTH_TELLING = 100
"""Events: of fewer nobody is told that they are being taken in, and of more after each so many."""


class Progress:
    """The one place where it is known and told."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._live = asyncio.Event()
        self._connection = Connection.STARTING
        self._has_answered = False
        self._total = self._done = self._rooms = 0
        self._told = self.now

    @property
    def now(self) -> ConnectionChanged:
        """The connection as it is now."""
        is_behind = self._rooms > 0 or self._total >= _WORTH_TELLING
        if not (self._has_answered and is_behind):
            return ConnectionChanged(connection=self._connection)
        return ConnectionChanged(
            connection=Connection.CATCHING_UP,
            remaining=self._total - self._done,
            total=self._total,
            rooms=self._rooms,
        )

    @property
    def answers(self) -> bool:
        """Whether the server answered when it was asked last."""
        return self._live.is_set()

    def answered(self) -> None:
        """The server has answered; what it said is to be taken in."""
        self._has_answered = True

    def is_live(self) -> None:
        """What the server said was taken in."""
        self._live.set()
        self._connection = Connection.LIVE
        self._settle()

    def failed(self) -> None:
        """The server does not answer."""
        self._ended(Connection.OFFLINE)

    def logged_out(self) -> None:
        """The server no longer accepts this device."""
        self._ended(Connection.LOGGED_OUT)

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the server answers again."""
        if self._live.is_set():
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._live.wait()

    def known_of(self, events: int) -> None:
        """So many more events are here and are to be taken in."""
        self._total += events
        self._tell()

    def took(self, events: int) -> None:
        """So many of them have been taken in."""
        before = self._done // _WORTH_TELLING
        self._done += events
        if self._done // _WORTH_TELLING > before:
            self._tell()

    def fetching(self, rooms: int) -> None:
        """Of so many rooms something is being fetched."""
        self._rooms = rooms
        self._settle()

    def _ended(self, connection: Connection) -> None:
        self._live.clear()
        self._has_answered = False
        self._connection = connection
        self._total = self._done = 0  # what was not taken in comes again
        self._tell()

    def _settle(self) -> None:
        if self._live.is_set() and self._rooms == 0 and self._done >= self._total:
            self._total = self._done = 0
        self._tell()

    def _tell(self) -> None:
        if self.now != self._told:
            self._told = self.now
            self._updates.publish(self._told)
