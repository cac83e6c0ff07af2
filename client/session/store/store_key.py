"""Where the key of an account's store lives: a 0600 file on the development network, else the keyring."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from nacl.utils import random as random_bytes

from client.session.errors import StoreError
from client.session.local.private_files import write_private
from client.session.store.vault import KEY_LENGTH

_SERVICE = "rogatory"


def read_store_key(folder: Path, user_id: str) -> bytes | None:
    """Return the key of the account's store, or None when none was made. Raises StoreError."""
    path = folder / "store.key"
    text = path.read_text() if path.is_file() else _from_keyring(user_id)
    if text is None:
        return None
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise StoreError(
            f"The key of {user_id}'s store cannot be read.",
            why="It is not Base64.",
            remedy=f"Restore {path} or the keyring's entry from a backup.",
        ) from None


def make_store_key(folder: Path, user_id: str, *, in_file: bool) -> bytes:
    """Make a random key and keep it: in `store.key` if `in_file`, else in the system's keyring.

    Raises StoreError when there is no keyring.
    """
    key = random_bytes(KEY_LENGTH)
    text = base64.b64encode(key).decode()
    if in_file:
        write_private(folder / "store.key", text + "\n")
    else:
        _to_keyring(user_id, text)
    return key


def _from_keyring(user_id: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(_SERVICE, user_id)
    except KeyringError as error:
        raise _no_keyring(str(error)) from None


def _to_keyring(user_id: str, text: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_SERVICE, user_id, text)
    except KeyringError as error:
        raise _no_keyring(str(error)) from None


def _no_keyring(why: str) -> StoreError:
    return StoreError(
        "The system's keyring cannot be used.",
        why=why.splitlines()[0] if why else "It gave no reason.",
        remedy="Unlock or install a keyring, or keep the key in a file where the machine itself is trusted.",
    )
