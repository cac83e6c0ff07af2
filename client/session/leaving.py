"""Logging a device out for good: its login ends at the homeserver, and its store and its key go.

A file says that the removal has begun, and then it goes on to its end whenever it is asked for again: a
process that is killed leaves no device that is half there.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection

from client.session.accounts import Account
from client.session.errors import HistoryWouldBeLost
from client.session.local.private_files import write_private
from client.session.login import log_out
from client.session.recovery.state import Recovery, RecoveryState
from client.session.store.account_lock import held_store
from client.session.store.account_store import access_token, open_account_store
from client.session.store.store_key import remove_store_key

_BEGUN = "leaving"


def check_nothing_is_lost(state: RecoveryState) -> None:
    """See that another device could come to all that this one can read. Raises HistoryWouldBeLost."""
    missing = state.room_keys - state.backed_up
    if state.recovery is Recovery.UNLOCKED and state.signed and not missing:
        return
    if not state.signed and not state.room_keys:
        return  # it never read anything, and the identity is another device's
    if state.recovery is Recovery.UNLOCKED and state.signed:
        why = f"{missing} of the {state.room_keys} room keys here are not in the backup yet."
        remedy = "Let the account be online until `rogatory recover --status` has all of them"
    elif state.recovery is Recovery.LOCKED:
        why = "It was never recovered: what only this device can read would be gone."
        remedy = "Run `rogatory recover --key-file FILE` first"
    else:
        why = "Recovery is not set up: what this device can read, and the account's identity, would be gone."
        remedy = "Run `rogatory recover --setup` first"
    raise HistoryWouldBeLost(
        "This device is not logged out.", why=why, remedy=f"{remedy}; or add --lose-history."
    )


def has_begun(account: Account) -> bool:
    """Tell whether the device's removal has begun before and was interrupted."""
    return (account.folder / _BEGUN).exists()


async def leave(account: Account, *, keep: Collection[str] = ()) -> str | None:
    """Log the device out at its homeserver, then remove it here; see `leave_here`.

    Raises StoreHeld, StoreError, and what the transport raises: then the store is still there.
    """
    with held_store(account.lock_path, account.user_id):
        db = open_account_store(account.folder, account.user_id)
        try:
            token = access_token(db, account.user_id)
        finally:
            db.close()
        await log_out(account.homeserver, token)
        return _remove(account, keep)


def leave_here(account: Account, *, keep: Collection[str] = ()) -> str | None:
    """Remove the device here, but for the files named in `keep`; the store need not open.

    Returns why the keyring keeps the key, where it does. Raises StoreHeld.
    """
    with held_store(account.lock_path, account.user_id):
        return _remove(account, keep)


def _remove(account: Account, keep: Collection[str]) -> str | None:
    """Destroy the key, then the store, and last what says that there is an account."""
    write_private(account.folder / _BEGUN, "")
    trouble = remove_store_key(account.folder)
    last = (account.folder / "account.toml", account.folder / _BEGUN, account.lock_path)
    for path in account.folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path not in last and path.name not in keep:
            path.unlink()
    for path in last:
        path.unlink(missing_ok=True)
    if not any(account.folder.iterdir()):
        account.folder.rmdir()
    return trouble
