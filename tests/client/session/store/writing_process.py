"""A process of its own that writes lots of messages, to be killed: python -m ... FOLDER."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from client.session.message_writer import MessageWriter
from client.session.room_sync import Redaction
from client.session.store.timeline import NewEvent, Timeline
from tests.client.session.store.timelines import ROOM, edit, message, opened

LOT = 60


def lot(number: int) -> list[NewEvent | Redaction]:
    """Return one lot: messages, an edit of the first and a redaction of the second."""
    events: list[NewEvent | Redaction] = [
        message(f"${number}-{each}", f"canary-4711 lot{number} text", room_id=ROOM) for each in range(LOT)
    ]
    return [*events, edit(f"${number}-edit", f"${number}-0", "edited"), Redaction(ROOM, f"${number}-1")]


async def _write(folder: Path) -> None:
    db = opened(folder)
    begun = db.execute("SELECT count(*) FROM events").fetchone()[0] // (LOT + 1)
    assert Timeline(db).has_any(ROOM) is (begun > 0)
    async with MessageWriter(db) as writer:
        for number in itertools.count(begun):
            await writer.write(lot(number))
            _say(str(number - 1))  # the lot before is written by now


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1])))
