"""The keys that a person has verified on this device, kept in the store."""

from __future__ import annotations

import time
from dataclasses import dataclass

from client.session.crypto.public_keys import Identity
from client.session.store.sqlcipher import Database

_MASTER = ""


@dataclass(frozen=True)
class VerifiedKey:
    """A device's key, or with `device_id` None the master key of a user."""

    user_id: str
    device_id: str | None
    public_key: str


class VerifiedKeys:
    """Reads and writes them; the master keys are cached, for every event is judged by them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        rows = db.execute("SELECT user_id, public_key FROM verified_keys WHERE device_id = ''")
        self._masters: dict[str, str] = dict(rows.fetchall())

    def holds(self, identity: Identity) -> bool:
        """Return whether a user's identity of today is the one that was verified."""
        return self._masters.get(identity.user_id) == identity.master_key

    def add(self, key: VerifiedKey) -> None:
        """Remember a key, in place of an earlier one; its signature is still to be published."""
        device = key.device_id or _MASTER
        self._db.execute(
            "INSERT OR REPLACE INTO verified_keys VALUES (?, ?, ?, ?, 0)",
            [key.user_id, device, key.public_key, int(time.time() * 1000)],
        )
        if key.device_id is None:
            self._masters[key.user_id] = key.public_key

    def published(self, key: VerifiedKey) -> None:
        """Note that the server has our signature of a key, or never will."""
        self._db.execute(
            "UPDATE verified_keys SET published = 1 WHERE user_id = ? AND device_id = ? AND public_key = ?",
            [key.user_id, key.device_id or _MASTER, key.public_key],
        )

    def unpublished(self) -> list[VerifiedKey]:
        """Return the keys whose signature is not on the server yet."""
        rows = self._db.execute(
            "SELECT user_id, device_id, public_key FROM verified_keys WHERE published = 0"
        )
        return [VerifiedKey(user, device or None, key) for user, device, key in rows]
