"""Where the key of an account's store is: with the system's keyring, wrapped by a passphrase, or in a file.

Two files of the account's folder say so. `store.key` is the key itself, and only `rogatory up` writes it, for
the development network. `key-holder.json` names the keyring's entry or has the wrapped key; where both files
are there it counts. It is replaced in one step, and what the key was held by before is removed only then: a
process that is killed in between leaves a store that opens.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
from pathlib import Path

import msgspec
from nacl.utils import random as random_bytes

from client.session.errors import KeyringUnusable, PassphraseNeeded, StoreError, StoreKeyDamaged
from client.session.local.private_files import write_private
from client.session.secret import Secret
from client.session.store import keyring_entry
from client.session.store.passphrase_wrapping import WrappedKey, checked_passphrase, wrap
from client.session.store.vault import KEY_LENGTH

_FILE, _HOLDER = "store.key", "key-holder.json"
_unwrapped: dict[WrappedKey, Secret[bytes]] = {}
"""What this process has derived: once is half a second, and a session opens its store several times."""


class KeyHolder(enum.StrEnum):
    """What holds the key of a store."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 # the word, not one
    FILE = "file"


class _KeyringEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="held_by", tag="keyring"):
    entry: str


def key_holder(folder: Path) -> KeyHolder | None:
    """Say what holds the key of the store in `folder`, None where none was made. Raises StoreKeyDamaged."""
    match _holder(folder):
        case _KeyringEntry():
            return KeyHolder.KEYRING
        case WrappedKey():
            return KeyHolder.PASSPHRASE
    return KeyHolder.FILE if (folder / _FILE).exists() else None


def read_store_key(folder: Path) -> Secret[bytes] | None:
    """Return the store's key, or None when none was made or what held it has lost it.

    Raises PassphraseNeeded until `unlock` has been called, KeyringUnusable, StoreKeyDamaged.
    """
    match _holder(folder):
        case WrappedKey() as wrapped:
            if wrapped in _unwrapped:
                return _unwrapped[wrapped]
            raise PassphraseNeeded(
                "The store is locked.",
                why="A passphrase holds its key, and nobody was asked for it.",
                remedy="Run the command in a terminal, or name a file in ROGATORY_PASSPHRASE_FILE.",
            )
        case _KeyringEntry(entry=entry):
            text = keyring_entry.read_entry(entry)
            return None if text is None else _decoded(text, f"The keyring's entry {entry!r}")
    try:
        content = (folder / _FILE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(folder / _FILE, error) from None
    return _decoded(Secret(content.decode("ascii", "replace")), str(folder / _FILE))


def needs_passphrase(folder: Path) -> bool:
    """Tell whether a passphrase holds the key, and this process has not been given it."""
    holder = _holder(folder)
    return isinstance(holder, WrappedKey) and holder not in _unwrapped


def unlock(folder: Path, passphrase: Secret[str]) -> None:
    """Let this process have the key that a passphrase holds; without one it does nothing.

    Raises PassphraseWrong, StoreKeyDamaged.
    """
    holder = _holder(folder)
    if isinstance(holder, WrappedKey) and holder not in _unwrapped:
        _unwrapped[holder] = holder.unwrap(passphrase)


def make_store_key(
    folder: Path, user_id: str, holder: KeyHolder, passphrase: Secret[str] | None = None
) -> Secret[bytes]:
    """Make a random key and let `holder` keep it. Raises KeyringUnusable, PassphraseTooShort."""
    key = Secret(random_bytes(KEY_LENGTH))
    if holder is KeyHolder.FILE:
        write_private(folder / _FILE, base64.b64encode(key.reveal()) + b"\n")
    else:
        _hand_over(folder, user_id, key, holder, passphrase)
    return key


def move_store_key(
    folder: Path, user_id: str, holder: KeyHolder, passphrase: Secret[str] | None = None
) -> None:
    """Let `holder` keep the key from now on, or change the passphrase. The store itself is not touched.

    The caller holds the account's lock. Raises what `read_store_key` and `make_store_key` raise.
    """
    key = read_store_key(folder)
    if key is None:
        raise missing_key(user_id)
    _hand_over(folder, user_id, key, holder, passphrase)
    (folder / _FILE).unlink(missing_ok=True)
    if holder is not KeyHolder.KEYRING and keyring_entry.keyring_trouble() is None:
        keyring_entry.delete_entry(_entry_name(user_id, key))


def remove_store_key(folder: Path) -> str | None:
    """Destroy the key: what it opened is closed for ever. Return why the keyring keeps it, if it does."""
    trouble = None
    try:
        holder = _holder(folder)
        if isinstance(holder, _KeyringEntry):
            keyring_entry.delete_entry(holder.entry)
    except StoreKeyDamaged:
        pass  # it holds nothing any more
    except KeyringUnusable as unusable:
        trouble = unusable.why
    (folder / _FILE).unlink(missing_ok=True)
    (folder / _HOLDER).unlink(missing_ok=True)
    return trouble


def missing_key(user_id: str) -> StoreError:
    """Return the error for a store whose key is nowhere."""
    return StoreError(
        f"The store of {user_id} is not whole.",
        why="Its key is missing.",
        remedy="Restore the account's folder or the keyring from a backup; else run `rogatory logout "
        "--here-only --lose-history`, log in again, and recover the history with the recovery key.",
    )


def _hand_over(
    folder: Path, user_id: str, key: Secret[bytes], holder: KeyHolder, passphrase: Secret[str] | None
) -> None:
    new: _KeyringEntry | WrappedKey
    if holder is KeyHolder.KEYRING:
        new = _KeyringEntry(entry=_entry_name(user_id, key))
        keyring_entry.write_entry(new.entry, Secret(base64.b64encode(key.reveal()).decode()))
    else:
        if passphrase is None:
            raise ValueError(f"a passphrase is to be given for {holder}")
        new = wrap(key, checked_passphrase(passphrase))
        _unwrapped[new] = key
    write_private(folder / _HOLDER, msgspec.json.format(msgspec.json.encode(new)) + b"\n")


def _entry_name(user_id: str, key: Secret[bytes]) -> str:
    """Name a keyring's entry after its key: a second home with the same account has one of its own.

    However often a move was killed, there is one entry for a key, which the next move finds.
    """
    return f"{user_id} {hashlib.blake2b(key.reveal(), digest_size=4, person=b'rogatory entry').hexdigest()}"


def _holder(folder: Path) -> _KeyringEntry | WrappedKey | None:
    path = folder / _HOLDER
    try:
        return msgspec.json.decode(path.read_bytes(), type=_KeyringEntry | WrappedKey)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StoreKeyDamaged(
            f"The file {path} cannot be read.",
            why=f"It is not what was written there: {error}.",
            remedy="Restore it from a backup of the account's folder.",
        ) from None


def _decoded(text: Secret[str], where: str) -> Secret[bytes]:
    try:
        key = Secret(base64.b64decode(text.reveal().strip(), validate=True))
    except (binascii.Error, ValueError):
        raise _no_key(where, "It is not Base64.") from None
    if len(key.reveal()) != KEY_LENGTH:
        raise _no_key(where, f"It has {len(key.reveal())} bytes and should have {KEY_LENGTH}.")
    return key


def _no_key(where: str, why: str) -> StoreKeyDamaged:
    return StoreKeyDamaged(f"{where} is not a key.", why=why, remedy="Restore it from a backup.")


def _unreadable(path: Path, error: OSError) -> StoreKeyDamaged:
    return StoreKeyDamaged(
        f"The file {path} cannot be read.",
        why=f"The system says: {error.strerror}.",
        remedy="Give this user the right to read it, or restore it from a backup.",
    )
