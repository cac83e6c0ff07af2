"""A timeline in a store on disk, and the messages to put into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from client.session.events import Json, Trust
from client.session.store.schema import account_schema
from client.session.store.sqlcipher import Database
from client.session.store.timeline import NewEvent, Timeline
from client.session.store.vault import Vault, migrate, open_vault

ROOM = "!room"
ALICE, BOB = "@alice:a.test", "@bob:b.test"


def opened(folder: Path) -> Vault:
    """Open the store in a folder, with today's schema."""
    path = folder / "store.db"
    db = open_vault(path, bytes(32))
    migrate(db, account_schema, path)
    return db


def emptied(db: Database) -> Database:
    """Take all messages and gaps out of a store."""
    for statement in (
        "DELETE FROM events",
        "DELETE FROM event_ids",
        "DELETE FROM new_event_ids",
        "DELETE FROM gaps",
        "DELETE FROM walked",
        "DELETE FROM reserved",
        "DELETE FROM cursors",
    ):
        db.execute(statement)
    return db


def message(
    event_id: str,
    body: str,
    content: dict[str, Json] | None = None,
    *,
    room_id: str = ROOM,
    sender: str = ALICE,
    sent_at: int = 1_000,
    trust: Trust = Trust.PINNED,
) -> NewEvent:
    """Return a message that was decrypted, with more `content` than its body."""
    whole: dict[str, Json] = {"msgtype": "m.text", "body": body, **(content or {})}
    return NewEvent(room_id, event_id, sender, sent_at, "m.room.message", whole, trust)


def edit(
    event_id: str,
    of: str,
    body: str,
    *,
    sender: str = ALICE,
    sent_at: int = 1_000,
    trust: Trust = Trust.PINNED,
) -> NewEvent:
    """Return a message that replaces another's text."""
    content: dict[str, Json] = {
        "m.new_content": {"msgtype": "m.text", "body": body},
        "m.relates_to": {"rel_type": "m.replace", "event_id": of},
    }
    return message(event_id, f"* {body}", content, sender=sender, sent_at=sent_at, trust=trust)


def sealed(event_id: str, *, session_id: str = "session", sender: str = ALICE) -> NewEvent:
    """Return an event whose key is not there yet."""
    return NewEvent(
        room_id=ROOM,
        event_id=event_id,
        sender=sender,
        sent_at=1_000,
        type="m.room.encrypted",
        content={},
        trust=Trust.UNDECRYPTABLE,
        reason="Its key has not arrived.",
        session_id=session_id,
        sealed=b"{}",
    )


@dataclass
class Reader:
    """Somebody who takes whatever has arrived as soon as it is told."""

    timeline: Timeline
    taken: int = 0

    def next_ids(self) -> list[str]:
        events, self.taken = self.timeline.arrived_after(self.taken)
        return [event.event_id for event in events]
