"""What a caller of the session asks for as new: each question says that the answer before it was taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from client.session.events import TimelineEvent


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """Events that a reader has not taken, and up to where they are (opaque)."""

    events: list[TimelineEvent]
    up_to: int


class NewEvents:
    """One caller's way through what arrives, as the reader that `ask` gets.

    `ask` is told up to where this caller has taken everything, None before the first answer. It may be
    another process that holds the store: the caller that is killed takes nothing with it.
    """

    def __init__(self, ask: Callable[[str, int | None], Awaitable[Arrived]]) -> None:
        self._ask = ask
        self._taken: dict[str, int] = {}

    async def next(self, reader: str) -> Sequence[TimelineEvent]:
        """Return what `reader` has not taken yet; it has taken what this returned before."""
        arrived = await self._ask(reader, self._taken.get(reader))
        self._taken[reader] = arrived.up_to
        return arrived.events
