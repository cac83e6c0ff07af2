"""The schema of an account's store, change by change. A change that was released is never edited."""

from __future__ import annotations

from client.session.store import event_ids
from client.session.store.indexing import index_what_is_there
from client.session.store.search_index import CREATE, MERGE_BESIDE
from client.session.store.sqlcipher import Database, Migrations
from policies.trust.unpadded_base64 import decode_base64

account_schema = Migrations("account")


@account_schema()
def begin(db: Database) -> None:
    """Create the tables of the first form."""
    for statement in _FIRST:
        db.execute(statement)


@account_schema()
def back_room_keys_up(db: Database) -> None:
    """Let every session say which version of the backup has it; NULL: none, or a worse one."""
    db.execute("ALTER TABLE inbound_group_sessions ADD COLUMN backup_version TEXT")
    db.execute("CREATE INDEX inbound_group_sessions_by_backup ON inbound_group_sessions (backup_version)")


@account_schema()
def remember_verified_keys(db: Database) -> None:
    """Keep what a person has verified here; `device_id` is empty for a master key."""
    db.execute(
        """CREATE TABLE verified_keys (
            user_id TEXT, device_id TEXT, public_key TEXT NOT NULL, verified_at INTEGER NOT NULL,
            published INTEGER NOT NULL, PRIMARY KEY (user_id, device_id)) WITHOUT ROWID"""
    )


@account_schema()
def find_events_by_the_beginning_of_their_ids(db: Database) -> None:
    """Keep the part of an id that tells events apart, before the next change, which looks events up."""
    for statement in event_ids.CREATE:
        db.execute(statement)


@account_schema()
def make_the_timeline_searchable(db: Database) -> None:
    """Index every message; an edit `replaces` an event, which is `edited_by` the one at that position.

    As long as that event is not stored, the edit stands at its own.
    """
    db.execute("ALTER TABLE events ADD COLUMN replaces TEXT")
    db.execute("ALTER TABLE events ADD COLUMN edited_by INTEGER")
    db.execute(
        """CREATE INDEX events_edits ON events (room_id, replaces, sent_at, event_id)
            WHERE replaces IS NOT NULL"""
    )
    for statement in CREATE:
        db.execute(statement)
    index_what_is_there(db)


@account_schema()
def keep_drafts(db: Database) -> None:
    """Keep what was typed in a room and not sent."""
    db.execute("CREATE TABLE drafts (room_id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID")


@account_schema()
def seal_rooms_and_note_their_visibility(db: Database) -> None:
    """Keep for good which rooms are sealed, and under which history visibility a session was begun."""
    db.execute("ALTER TABLE rooms ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE outbound_group_sessions ADD COLUMN history_visibility TEXT NOT NULL DEFAULT ''")


@account_schema()
def withhold_keys(db: Database) -> None:
    """Keep which devices get no key of ours (`session_key`: and are owed it), and who gives us none."""
    db.execute(
        """CREATE TABLE withheld_from (
            session_id TEXT, user_id TEXT, device_id TEXT, code TEXT NOT NULL, withheld_at INTEGER NOT NULL,
            room_id TEXT NOT NULL, curve25519 TEXT NOT NULL, session_key TEXT,
            PRIMARY KEY (session_id, user_id, device_id)) WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE withheld_by (
            sender TEXT, room_id TEXT, session_id TEXT, code TEXT NOT NULL, received INTEGER NOT NULL UNIQUE,
            PRIMARY KEY (sender, room_id, session_id)) WITHOUT ROWID"""
    )


@account_schema()
def keep_olm_sessions_in_fewer_pages(db: Database) -> None:
    """Keep Olm sessions as bytes and by row id: else each would fill a page of its own beside its leaf."""
    sessions = db.execute("SELECT sender_key, session_id, pickle, used FROM olm_sessions").fetchall()
    db.execute("DROP TABLE olm_sessions")
    db.execute(
        """CREATE TABLE olm_sessions (
            sender_key TEXT NOT NULL, session_id TEXT NOT NULL, pickle BLOB NOT NULL, used INTEGER NOT NULL,
            UNIQUE (sender_key, session_id))"""
    )
    db.conn.executemany(
        "INSERT INTO olm_sessions VALUES (?, ?, ?, ?)",
        [(key, name, decode_base64(pickle), used) for key, name, pickle, used in sessions],
    )


@account_schema()
def give_lost_keys_again(db: Database) -> None:
    """Keep the first key of a session that we send with, and who was given it: for those who lost it."""
    db.execute("ALTER TABLE outbound_group_sessions ADD COLUMN first_key TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE outbound_shares ADD COLUMN from_first INTEGER NOT NULL DEFAULT 0")


@account_schema()
def say_what_to_do_about_failed_messages(db: Database) -> None:
    """Keep the remedy beside the reason for which a message could not be sent."""
    db.execute("ALTER TABLE outbox ADD COLUMN remedy TEXT")


@account_schema()
def keep_gaps(db: Database) -> None:
    """Keep what is still to be fetched of a timeline; `held`: what lies behind it was not told of yet."""
    db.execute(
        """CREATE TABLE gaps (
            room_id TEXT, lower INTEGER, token TEXT NOT NULL, fetched INTEGER NOT NULL,
            most INTEGER NOT NULL, held INTEGER NOT NULL, trouble TEXT, refused INTEGER NOT NULL,
            PRIMARY KEY (room_id, lower)) WITHOUT ROWID"""
    )


@account_schema()
def keep_how_far_a_walk_has_come(db: Database) -> None:
    """Keep what a walk has met of each sender, and what a room had learnt when its gap `began`.

    Behind which positions room is `reserved` stays when the gap is closed. Walks that an earlier version has
    begun begin again.
    """
    db.execute(
        """CREATE TABLE walked (
            room_id TEXT, sender TEXT, position INTEGER NOT NULL,
            PRIMARY KEY (room_id, sender)) WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE reserved (
            room_id TEXT, position INTEGER, PRIMARY KEY (room_id, position)) WITHOUT ROWID"""
    )
    db.execute("INSERT INTO reserved SELECT room_id, lower FROM gaps")
    for column in ("top", "below"):
        db.execute(f"ALTER TABLE gaps ADD COLUMN {column} INTEGER NOT NULL DEFAULT {2**63 - 1}")
    db.execute("ALTER TABLE gaps ADD COLUMN began INTEGER NOT NULL DEFAULT 0")
    db.execute(
        """UPDATE gaps SET token = '', fetched = 0, began = coalesce(
            (SELECT min(arrived) - 1 FROM events WHERE room_id = gaps.room_id AND position > lower),
            (SELECT max(arrived) FROM events), 0)"""
    )


@account_schema()
def let_files_wait_in_the_outbox(db: Database) -> None:
    """Keep the name of the file that is uploaded before a message is sent."""
    db.execute("ALTER TABLE outbox ADD COLUMN waiting TEXT")


@account_schema()
def merge_the_index_beside_the_event_loop(db: Database) -> None:
    """Let no transaction pay for the merging of what earlier ones have written."""
    for statement in MERGE_BESIDE:
        db.execute(statement)


_FIRST = (
    # Single values: who we are, the Olm account, cross-signing seeds, the sync token, cursors.
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    # Devices of others and our own, as last verified; `signed`: by their owner's self-signing key.
    """CREATE TABLE devices (
        user_id TEXT, device_id TEXT, curve25519 TEXT NOT NULL, ed25519 TEXT NOT NULL,
        signed INTEGER NOT NULL, present INTEGER NOT NULL, PRIMARY KEY (user_id, device_id)) WITHOUT ROWID""",
    # Identities: the keys of today, and the master key that was pinned when we first saw one.
    """CREATE TABLE identities (
        user_id TEXT PRIMARY KEY, master_key TEXT NOT NULL, self_signing_key TEXT,
        pinned_master_key TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE TABLE tracked_users (user_id TEXT PRIMARY KEY, stale INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE olm_sessions (
        sender_key TEXT, session_id TEXT, pickle TEXT NOT NULL, used INTEGER NOT NULL,
        PRIMARY KEY (sender_key, session_id)) WITHOUT ROWID""",
    """CREATE TABLE inbound_group_sessions (
        room_id TEXT, session_id TEXT, pickle TEXT NOT NULL, first_index INTEGER NOT NULL,
        sender_key TEXT NOT NULL, signing_key TEXT NOT NULL, sender TEXT NOT NULL, device_id TEXT,
        provenance TEXT NOT NULL, PRIMARY KEY (room_id, session_id, sender_key)) WITHOUT ROWID""",
    """CREATE TABLE outbound_group_sessions (
        room_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, pickle TEXT NOT NULL, created_at INTEGER NOT NULL,
        messages INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE outbound_shares (
        session_id TEXT, user_id TEXT, device_id TEXT, curve25519 TEXT NOT NULL,
        PRIMARY KEY (session_id, user_id, device_id)) WITHOUT ROWID""",
    "CREATE TABLE to_device_queue (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT, body BLOB NOT NULL)",
    """CREATE TABLE rooms (
        room_id TEXT PRIMARY KEY, membership TEXT NOT NULL, encryption BLOB, unread INTEGER NOT NULL,
        last_activity INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE room_state (
        room_id TEXT, type TEXT, state_key TEXT, event_id TEXT, sender TEXT, content BLOB NOT NULL,
        PRIMARY KEY (room_id, type, state_key)) WITHOUT ROWID""",
    # `arrived` counts what this store has learnt, healed events anew; `sealed` is the ciphertext of an event
    # that could not be read yet. The unique index on (session, message index) is the replay table.
    """CREATE TABLE events (
        position INTEGER PRIMARY KEY, arrived INTEGER NOT NULL, room_id TEXT NOT NULL, event_id TEXT NOT NULL,
        sender TEXT NOT NULL, sent_at INTEGER NOT NULL, type TEXT NOT NULL, content BLOB NOT NULL, body TEXT,
        trust TEXT NOT NULL, reason TEXT, session_id TEXT, message_index INTEGER, sealed BLOB)""",
    "CREATE UNIQUE INDEX events_by_id ON events (room_id, event_id)",
    "CREATE INDEX events_by_room ON events (room_id, position)",
    "CREATE INDEX events_by_arrival ON events (arrived)",
    """CREATE UNIQUE INDEX events_by_ratchet ON events (room_id, session_id, message_index)
        WHERE message_index IS NOT NULL""",
    "CREATE INDEX events_sealed ON events (room_id, session_id) WHERE sealed IS NOT NULL",
    "CREATE INDEX events_doubtful ON events (sender) WHERE trust = 'unsigned-device'",
    # How far each reader of what arrives has come.
    "CREATE TABLE cursors (reader TEXT PRIMARY KEY, arrived INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT, room_id TEXT NOT NULL, transaction_id TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL, content BLOB NOT NULL, sealed BLOB, event_id TEXT, failure TEXT,
        queued_at INTEGER NOT NULL)""",
)
