"""How far back a gap reaches: a walk through a room's history, from where the gap begins.

The first event that is stored is not yet the end: after an outage between servers what each side said
meanwhile lies side by side, and what our own side said we have. What one server's users say is a chain,
though: below an event of theirs that is stored, nothing of theirs is missing. Where the server ends a page
cannot tell either: what it has fetched late itself belongs between, and was never in a sync.
"""

from __future__ import annotations

import msgspec

from client.session.foreign_json import decode_flat
from client.session.store.gap_store import GapStore
from client.session.store.open_gap import OpenGap
from policies.user_id import server_of

_OVERLAP = 100
"""Events in a row from before the gap after which a walk ends, if no server's chain is open."""
_LONGEST_OVERLAP = 1_000
"""Such events in a row after which it ends all the same: some servers are silent for years."""


class _Event(msgspec.Struct):
    event_id: str
    sender: str = ""
    type: str = ""
    state_key: str | None = None


class GapWalk:
    """A walk back through one gap, newest first. A process that dies begins another where it was."""

    def __init__(self, store: GapStore, gap: OpenGap) -> None:
        self._store = store
        self._gap = gap
        self._open = {server_of(sender) for sender in store.senders_behind(gap)}
        self._oldest = store.oldest_before(gap)
        self._known_in_a_row = 0
        self._at_the_end = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is missing any further back."""
        longest = _LONGEST_OVERLAP if self._open else _OVERLAP
        return self._at_the_end or self._known_in_a_row >= longest

    def meet(self, raw: msgspec.Raw) -> None:
        """Take note of the next event. State says nothing of a chain: it comes by another way."""
        try:
            event = decode_flat(raw, type=_Event)
        except msgspec.DecodeError:
            return
        if event.state_key is not None or self.is_over:
            return
        if self._store.is_from_before(self._gap, event.event_id):
            self._open.discard(server_of(event.sender))
            self._known_in_a_row += 1
            self._at_the_end = event.event_id == self._oldest
        elif event.type != "m.room.redaction":  # which are not stored
            self._open.add(server_of(event.sender))
            self._known_in_a_row = 0
