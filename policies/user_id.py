"""A full user id, as `@sen.assets.1:africa.rogatory.test` (Matrix specification, "User identifiers")."""

from __future__ import annotations


def server_of(user_id: str) -> str:
    """Return the server name in a user id, empty where there is none."""
    return user_id.partition(":")[2]
