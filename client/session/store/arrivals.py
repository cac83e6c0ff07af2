"""What has arrived since a reader last took something: told as often as it asks, until it is taken."""

from __future__ import annotations

from client.session.events import TimelineEvent
from client.session.store.timeline import Timeline
from client.session.store.vault import Vault


class Arrivals:
    """How much each reader of one store has taken. What is told to one that is killed is told again."""

    def __init__(self, db: Vault, timeline: Timeline) -> None:
        self._db = db
        self._timeline = timeline

    def after(self, reader: str, taken: int | None) -> tuple[list[TimelineEvent], int]:
        """Note that `reader` has taken all up to `taken`, if anything, and return what came since, in order.

        With it comes up to where that is: to be given as `taken` once the reader has done with it.
        """
        row = self._db.execute("SELECT arrived FROM cursors WHERE reader = ?", [reader]).fetchone()
        start: int = row[0] if row else 0
        if taken is not None and taken > start:  # else nothing is written: a thread may be writing for long
            self._db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", [reader, taken])
            start = taken
        return self._timeline.arrived_after(start)
