"""A timeline in a store on disk, and the messages to put into it."""

from __future__ import annotations

from pathlib import Path

from client.session.events import Json, Trust
from client.session.store.schema import account_schema
from client.session.store.sqlcipher import Database
from client.session.store.timeline import NewEvent
from client.session.store.vault import migrate, open_vault

ROOM = "!room"
ALICE, BOB = "@alice:a.test", "@bob:b.test"


def opened(folder: Path) -> Database:
    """Open the store in a folder, with today's schema."""
    path = folder / "store.db"
    db = open_vault(path, bytes(32))
    migrate(db, account_schema, path)
    return db


def message(
    event_id: str,
    body: str,
    *,
    room_id: str = ROOM,
    sender: str = ALICE,
    sent_at: int = 1_000,
    trust: Trust = Trust.PINNED,
    **content: Json,
) -> NewEvent:
    """Return a message that was decrypted."""
    whole: dict[str, Json] = {"msgtype": "m.text", "body": body, **content}
    return NewEvent(room_id, event_id, sender, sent_at, "m.room.message", whole, trust)


def edit(event_id: str, of: str, body: str, **options: object) -> NewEvent:
    """Return a message that replaces another's text."""
    return message(
        event_id,
        f"* {body}",
        **{"m.new_content": {"msgtype": "m.text", "body": body}, **options},  # type: ignore[arg-type] # passed on
        **{"m.relates_to": {"rel_type": "m.replace", "event_id": of}},
    )


def sealed(event_id: str, *, session_id: str = "session", sender: str = ALICE) -> NewEvent:
    """Return an event whose key is not there yet."""
    return NewEvent(
        ROOM, event_id, sender, 1_000, "m.room.encrypted", {}, Trust.UNDECRYPTABLE, "No key.", session_id, None, b"{}"
    )  # fmt: skip
