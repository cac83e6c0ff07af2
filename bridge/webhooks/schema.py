"""What webhooks keep in the register's database beside the log, change by change."""

from __future__ import annotations

from client.session.store.sqlcipher import Database, Migrations

webhook_schema = Migrations("bridge_webhooks")


@webhook_schema()
def begin(db: Database) -> None:
    """Create the tables of endpoints, of the key that signs, and of deliveries."""
    for statement in _FIRST:
        db.execute(statement)


_FIRST = (
    # `position`: the sequence in the log up to which the endpoint's deliveries are made out.
    """CREATE TABLE webhooks (
        webhook_id TEXT PRIMARY KEY, url TEXT NOT NULL, secret BLOB NOT NULL, position INTEGER NOT NULL,
        created_at TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE TABLE webhook_key (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), seed BLOB NOT NULL)",
    """CREATE TABLE webhook_deliveries (
        delivery_id INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE,
        event INTEGER NOT NULL, body BLOB NOT NULL, request_id TEXT NOT NULL, state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, failure TEXT, UNIQUE (webhook_id, event))""",
    """CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id, request_id, event)
        WHERE state = 'pending'""",
)
