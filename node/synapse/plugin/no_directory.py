"""A homeserver without a directory of users: attestations say who is competent, not a search of accounts.

`user_directory` switched off in Synapse's settings ends the search alone. Events go on being written to the
directory's tables unless `update_user_directory_from_worker` names no process; and even then a new database
fills them once, in the background, with everyone and with who shares which room, from the rooms that stand by
then. There is no setting for that.
"""

from __future__ import annotations

from synapse.storage.databases.main.user_directory import UserDirectoryBackgroundUpdateStore


def _write_nothing(_store: UserDirectoryBackgroundUpdateStore, *_arguments: object) -> None:
    pass


async def _add_nobody(_store: UserDirectoryBackgroundUpdateStore, *_arguments: object) -> None:
    pass


_WRITERS = {
    "_update_profiles_in_user_dir_txn": _write_nothing,
    "add_users_in_public_rooms": _add_nobody,
    "add_users_who_share_private_room": _add_nobody,
}
"""All that writes to the tables, and what does so instead."""


def keep_no_directory() -> None:
    """Change what Synapse writes to the directory's tables into nothing, from now on in this process.

    Raises AttributeError, which stops the start, where another version of Synapse has no such writer.
    """
    for name, instead in _WRITERS.items():
        getattr(UserDirectoryBackgroundUpdateStore, name)
        setattr(UserDirectoryBackgroundUpdateStore, name, instead)
