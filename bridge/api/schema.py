"""What the HTTP API keeps in the register's database beside the log, change by change."""

from __future__ import annotations

from client.session.store.sqlcipher import Database, Migrations

api_schema = Migrations("bridge_api")


@api_schema()
def begin(db: Database) -> None:
    """Create the tables of tokens and of idempotent answers, and the order in which requests are listed."""
    for statement in _FIRST:
        db.execute(statement)


_FIRST = (
    """CREATE TABLE api_tokens (
        token_id TEXT PRIMARY KEY, name TEXT NOT NULL, secret_sha256 BLOB NOT NULL, scopes TEXT NOT NULL,
        created_at TEXT NOT NULL, revoked_at TEXT) WITHOUT ROWID""",
    # Kept for good, as the log is: however late a client tries again, it is one request.
    """CREATE TABLE api_answers (
        token_id TEXT, idempotency_key TEXT, draft_sha256 TEXT NOT NULL, request_id TEXT NOT NULL,
        answer BLOB NOT NULL, PRIMARY KEY (token_id, idempotency_key)) WITHOUT ROWID""",
    "CREATE INDEX events_of_intent ON events (sequence) WHERE kind = 'intended'",
)
