"""What has arrived since a reader last took something: told as often as it asks, until it is taken."""

from __future__ import annotations

from client.session.events import TimelineEvent
from client.session.store.timeline import Timeline
from client.session.store.vault import Vault

_TOLD = "told"
"""The cursor that telling moves. It begins where the reader's own stands, which only taking moves."""


class Arrivals:
    """How much each reader of one store has taken. What is told to one that is killed is told again."""

    def __init__(self, db: Vault, timeline: Timeline) -> None:
        self._db = db
        self._timeline = timeline

    def after(self, reader: str, taken: int | None) -> tuple[list[TimelineEvent], int]:
        """Note that `reader` has taken all up to `taken`, if anything, and return what came since, in order.

        With it comes up to where that is: to be given as `taken` once the reader has done with it.
        """
        stored = self._cursor(reader)
        start = max(stored, taken or 0)
        if start == stored and start >= self._newest():
            return [], start  # nothing is written: another thread may be writing for long
        with self._db.atomic():
            self._move(reader, start)
            self._move(_TOLD, start)
            events = self._timeline.arrived_after(_TOLD)
            return events, self._cursor(_TOLD)

    def _cursor(self, reader: str) -> int:
        row = self._db.execute("SELECT arrived FROM cursors WHERE reader = ?", [reader]).fetchone()
        return row[0] if row else 0

    def _move(self, reader: str, arrived: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", [reader, arrived])

    def _newest(self) -> int:
        newest: int | None = self._db.execute("SELECT max(arrived) FROM events").fetchone()[0]
        return newest or 0
