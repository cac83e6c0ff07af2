"""The schema of the register, change by change. A change that was released is never edited."""

from __future__ import annotations

from client.session.store.sqlcipher import Database, Migrations

register_schema = Migrations("register")


@register_schema()
def begin(db: Database) -> None:
    """Create the event log, which refuses to be altered, and the projection of requests."""
    for statement in _FIRST:
        db.execute(statement)


@register_schema()
def receive_once(db: Database) -> None:
    """Let each Matrix event be received once, whatever happens between looking and writing."""
    db.execute(
        "CREATE UNIQUE INDEX received_once ON events (request_id, json_extract(payload, '$.event_id'))"
        " WHERE kind = 'received'"
    )
    db.execute("CREATE INDEX requests_of_room ON requests (json_extract(record, '$.room_id'))")


_FIRST = (
    """CREATE TABLE events (
        sequence INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, request_id TEXT NOT NULL,
        payload TEXT NOT NULL, previous_sha256 TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE)""",
    "CREATE INDEX events_of_request ON events (request_id, sequence)",
    # A request is intended once: the same id twice is refused by the database itself.
    "CREATE UNIQUE INDEX intended_once ON events (request_id) WHERE kind = 'intended'",
    """CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END""",
    """CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END""",
    # Everything here follows from the events, and can be rebuilt from them.
    """CREATE TABLE requests (
        request_id TEXT PRIMARY KEY, status TEXT NOT NULL, issued_at TEXT NOT NULL, record TEXT NOT NULL)""",
)
