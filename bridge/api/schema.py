"""What the HTTP API keeps in the register's database beside the log, change by change."""

from __future__ import annotations

from bridge.seal import OPEN_LEVELS
from client.session.store.sqlcipher import Database, Migrations

api_schema = Migrations("bridge_api")


@api_schema()
def begin(db: Database) -> None:
    """Create the tables of tokens and of idempotent answers, and the one that requests are found by."""
    for statement in _FIRST:
        db.execute(statement)


_LEVELS = ", ".join(f"'{level}'" for level in OPEN_LEVELS)
_LINE = f"""SELECT sequence, {{request}}.request_id, json_extract({{request}}.record, '$.draft.template'),
    substr(json_extract({{request}}.record, '$.draft.template'), 1, instr(json_extract({{request}}.record,
    '$.draft.template'), '@') - 1), {{request}}.issued_at, {{request}}.status, coalesce(json_extract(
    {{request}}.record, '$.draft.common.confidentiality') IN ({_LEVELS}), 0) FROM events"""  # noqa: S608 # fixed

_FIRST = (
    """CREATE TABLE api_tokens (
        token_id TEXT PRIMARY KEY, name TEXT NOT NULL, secret_sha256 BLOB NOT NULL, scopes TEXT NOT NULL,
        created_at TEXT NOT NULL, revoked_at TEXT) WITHOUT ROWID""",
    # Kept for good, as the log is: however late a client tries again, it is one request.
    """CREATE TABLE api_answers (
        token_id TEXT, idempotency_key TEXT, draft_sha256 TEXT NOT NULL, request_id TEXT NOT NULL,
        answer BLOB NOT NULL, PRIMARY KEY (token_id, idempotency_key)) WITHOUT ROWID""",
    # What requests are found by, in the order of their intents: to read it in their records would be slow.
    """CREATE TABLE request_list (
        sequence INTEGER PRIMARY KEY, request_id TEXT NOT NULL UNIQUE, template TEXT NOT NULL,
        template_id TEXT NOT NULL, issued_at TEXT NOT NULL, status TEXT NOT NULL, open INTEGER NOT NULL)""",
    "CREATE INDEX request_list_by_status ON request_list (status, sequence)",
    "CREATE INDEX request_list_by_template ON request_list (template_id, sequence)",
    "CREATE INDEX request_list_by_time ON request_list (issued_at)",
    f"INSERT INTO request_list {_LINE.format(request='requests')}, requests"
    " WHERE events.request_id = requests.request_id AND kind = 'intended'",
    f"""CREATE TRIGGER requests_are_listed AFTER INSERT ON requests BEGIN
        INSERT OR REPLACE INTO request_list {_LINE.format(request="new")}
        WHERE events.request_id = new.request_id AND kind = 'intended'; END""",
)
