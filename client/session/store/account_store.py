"""Opening the store of an account: its key, its schema, and what the two may have against us."""

from __future__ import annotations

from pathlib import Path

from client.session.errors import StoreError
from client.session.store.schema import account_schema
from client.session.store.store_key import make_store_key, read_store_key
from client.session.store.vault import Vault, migrate, open_vault


def open_account_store(folder: Path, user_id: str) -> Vault:
    """Open the store of an enrolled account. Raises StoreError, StoreKeyWrong."""
    path = folder / "store.db"
    key = read_store_key(folder, user_id)
    if key is None or not path.is_file():
        raise StoreError(
            f"The store of {user_id} is not whole.",
            why="Its key is missing." if key is None else f"The file {path} is missing.",
            remedy="Restore the account's folder from a backup, or remove it and log in again.",
        )
    db = open_vault(path, key)
    migrate(db, account_schema, path)
    return db


def make_account_store(folder: Path, user_id: str, *, key_in_file: bool) -> Vault:
    """Open the store of an account that is being enrolled, making its key and file where they are missing."""
    path = folder / "store.db"
    in_keyring = not key_in_file
    key = read_store_key(folder, user_id) if in_keyring or (folder / "store.key").exists() else None
    if key is None:
        if path.exists():
            return open_account_store(folder, user_id)  # refuses: a new key would not open it
        key = make_store_key(folder, user_id, in_file=key_in_file)
    db = open_vault(path, key)
    migrate(db, account_schema, path)
    return db
