"""A full user id, as `@sen.assets.1:africa.rogatory.test` (Matrix specification, "User identifiers")."""

from __future__ import annotations


def server_of(user_id: str) -> str:
    """Return the server name in a user id, empty where there is none."""
    return user_id.partition(":")[2]


def is_user_id(text: str) -> bool:
    """Return whether a text has the form of a user id; servers may write anything where one should stand."""
    localpart, _, server = text.partition(":")
    return localpart.startswith("@") and bool(server)
