"""Opening the store of an account: its key, its schema, and what the two may have against us."""

from __future__ import annotations

from pathlib import Path

from client.session.errors import StoreDamaged, StoreError
from client.session.secret import Secret
from client.session.store.facts import Fact, Facts
from client.session.store.schema import account_schema
from client.session.store.sqlcipher import Database
from client.session.store.store_key import (
    KeyHolder,
    key_holder,
    make_store_key,
    missing_key,
    read_store_key,
    unlock,
)
from client.session.store.vault import Vault, migrate, open_vault


def open_account_store(folder: Path, user_id: str) -> Vault:
    """Open the store of an enrolled account.

    Raises StoreError: StoreKeyWrong, StoreDamaged, PassphraseNeeded and the rest of its kind.
    """
    path = folder / "store.db"
    key = read_store_key(folder)
    if key is None:
        raise missing_key(user_id)
    if not path.is_file():
        raise StoreError(
            f"The store of {user_id} is not whole.",
            why=f"The file {path} is missing.",
            remedy="Restore the account's folder from a backup; else run `rogatory logout --here-only "
            "--lose-history` and log in again.",
        )
    if path.stat().st_size == 0 and not path.with_name("store.db-wal").exists():
        raise StoreDamaged(  # it would open, as a new one: every key of the account forgotten
            f"The store of {user_id} is damaged.",
            why=f"The file {path} is empty.",
            remedy="Restore it from a backup; else run `rogatory logout --here-only --lose-history`, log in "
            "again, and recover the history with the recovery key.",
        )
    return _opened(path, key)


def make_account_store(
    folder: Path, user_id: str, holder: KeyHolder, passphrase: Secret[str] | None = None
) -> Vault:
    """Open the store of an account that is being enrolled, making its key and file where they are missing."""
    path = folder / "store.db"
    if key_holder(folder) is not None and passphrase is not None:
        unlock(folder, passphrase)  # an enrolment that was interrupted goes on
    key = read_store_key(folder)
    if key is None:
        if path.exists():
            raise missing_key(user_id)  # a new key would not open it
        key = make_store_key(folder, user_id, holder, passphrase)
    return _opened(path, key)


def _opened(path: Path, key: Secret[bytes]) -> Vault:
    db = open_vault(path, key)
    try:
        migrate(db, account_schema, path)
    except BaseException:  # also when interrupted: closed, then raised again
        db.close()
        raise
    return db


def access_token(db: Database, user_id: str) -> Secret[str]:
    """Return the access token of an account's device. Raises StoreError where the store has none."""
    token = Facts(db).text(Fact.ACCESS_TOKEN)
    if token is None:
        raise StoreError(
            f"The store of {user_id} is not whole.",
            why="It holds no access token.",
            remedy="Log in again with `rogatory login`.",
        )
    return Secret(token)
