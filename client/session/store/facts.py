"""Single values of a store, by name."""

from __future__ import annotations

import enum

from client.session.store.sqlcipher import Database


class Fact(enum.StrEnum):
    """What a store remembers once: the closed list of names."""

    USER_ID = "user_id"
    DEVICE_ID = "device_id"
    ACCESS_TOKEN = "access_token"  # noqa: S105 # the fact's name, not a token
    OLM_ACCOUNT = "olm_account"
    MASTER_SEED = "master_seed"
    SELF_SIGNING_SEED = "self_signing_seed"
    USER_SIGNING_SEED = "user_signing_seed"
    ANSWER_SEED = "answer_seed"  # of the key that signs answers to the Court's requests
    PUBLISHED = "published"
    SIGNED = "signed"  # our identity vouches for this device, and the server knows
    OWN_MASTER_KEY = "own_master_key"  # public: the identity that is proven to be ours
    NEXT_IDENTITY = "next_identity"  # seeds of an identity that a reset is about to publish
    BACKUP_KEY = "backup_key"
    RECOVERY_KEY_ID = "recovery_key_id"
    UNFINISHED_FILES = "unfinished_files"  # paths to be removed if a kill leaves them, parted by zero bytes
    UPLOAD_LIMIT = "upload_limit"  # bytes of a file that the homeserver takes, as it said last
    SYNC_TOKEN = "sync_token"  # noqa: S105 # the fact's name, not a token


class Facts:
    """Reads and writes the facts of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, fact: Fact) -> bytes | None:
        """Return a fact's value, or None when it is not known yet."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", [fact.value]).fetchone()
        return None if row is None else bytes(row[0])

    def text(self, fact: Fact) -> str | None:
        """Return a fact that is text."""
        value = self.get(fact)
        return None if value is None else value.decode()

    def put(self, fact: Fact, value: bytes | str) -> None:
        """Remember a fact; inside `db.atomic()` together with the rest of that transaction."""
        data = value.encode() if isinstance(value, str) else value
        self._db.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", [fact.value, data])

    def drop(self, fact: Fact) -> None:
        """Forget a fact."""
        self._db.execute("DELETE FROM facts WHERE name = ?", [fact.value])
