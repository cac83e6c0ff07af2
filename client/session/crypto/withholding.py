"""Telling devices that they get no key of ours, and remembering which of them are owed one.

A device is told once of each session that leaves it out; one that cannot be reached for want of an Olm
session once, until there is one. That one is owed the key from the message on that it missed first: it gets
it as soon as there is an Olm session, also when the room has a newer key by then.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from client.session.crypto.olm_account import MEGOLM, OlmAccount
from client.session.crypto.outbound_sessions import OutboundSession
from client.session.crypto.public_keys import Device
from client.session.crypto.to_device_queue import ToDeviceQueue
from client.session.crypto.withheld_code import REASONS, WITHHELD, WithheldCode
from client.session.events import Json
from client.session.store.sqlcipher import Database

_LONGEST_OWED = 7 * 24 * 3600 * 1000
"""Milliseconds after which a device that could never be reached is owed nothing any more."""

DeviceName = tuple[str, str]


@dataclass(frozen=True)
class OwedKey:
    """A session's key as it was when a device missed it first."""

    room_id: str
    session_id: str
    device: DeviceName
    curve25519: str
    session_key: str = field(repr=False)


class Withholding:
    """What the store remembers of it; every change is written at once, in the caller's transaction."""

    def __init__(self, db: Database, account: OlmAccount, queue: ToDeviceQueue) -> None:
        self._db = db
        self._account = account
        self._queue = queue
        self._codes: dict[str, dict[DeviceName, WithheldCode]] = {}
        self._owes = bool(self.owed())

    @property
    def owes(self) -> bool:
        """Whether any device may be owed a key."""
        return self._owes

    def leave_out(self, session: OutboundSession, devices: Collection[Device], code: WithheldCode) -> None:
        """Note that `devices` do not get a session's key, and tell those that were not told yet."""
        known = self._of(session.session_id)
        new = [device for device in devices if known.get(_name(device)) is not code]
        if not new:
            return
        no_olm = code is WithheldCode.NO_OLM
        told = {_name(device) for device in new if no_olm and self._is_owed_any(device)}
        key = session.key if no_olm else None
        now = int(time.time() * 1000)
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO withheld_from VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (session.session_id, *_name(device), code.value, now, session.room_id, device.curve25519, key)
                for device in new
            ],
        )
        known.update({_name(device): code for device in new})
        self._owes = self._owes or no_olm
        content = self._content(session, code)
        self._queue.put(WITHHELD, [(device, content) for device in new if _name(device) not in told])

    def forget_all_but(self, session: OutboundSession, recipients: Sequence[Device]) -> None:
        """Owe a session's key to no device that may not have it any more: it could read what follows."""
        known = self._of(session.session_id)
        owed = {name for name, code in known.items() if code is WithheldCode.NO_OLM}
        for name in owed - {_name(device) for device in recipients} if owed else ():
            self._forget(session.session_id, name)

    def forget_worn(self, session_id: str) -> None:
        """Forget whom a session left out that is used no longer; what is owed of it stays owed a while."""
        self._codes.pop(session_id, None)
        self._db.execute(
            "DELETE FROM withheld_from WHERE (session_id = ? AND session_key IS NULL) OR withheld_at < ?",
            [session_id, int(time.time() * 1000) - _LONGEST_OWED],
        )

    def owed(self) -> list[OwedKey]:
        """Return every key that a device is owed, the oldest first."""
        query = (
            "SELECT room_id, session_id, user_id, device_id, curve25519, session_key FROM withheld_from"
            " WHERE session_key IS NOT NULL ORDER BY withheld_at"
        )
        found = [
            OwedKey(room_id, session_id, (user_id, device_id), curve25519, key)
            for room_id, session_id, user_id, device_id, curve25519, key in self._db.execute(query)
        ]
        self._owes = bool(found)
        return found

    def paid(self, owed: OwedKey) -> None:
        """Note that a device has what it was owed."""
        self._forget(owed.session_id, owed.device)

    def _forget(self, session_id: str, name: DeviceName) -> None:
        self._of(session_id).pop(name, None)
        self._db.execute(
            "DELETE FROM withheld_from WHERE session_id = ? AND user_id = ? AND device_id = ?",
            [session_id, *name],
        )

    def _of(self, session_id: str) -> dict[DeviceName, WithheldCode]:
        if session_id not in self._codes:
            query = "SELECT user_id, device_id, code FROM withheld_from WHERE session_id = ?"
            self._codes[session_id] = {
                (user_id, device_id): WithheldCode(code)
                for user_id, device_id, code in self._db.execute(query, [session_id])
            }
        return self._codes[session_id]

    def _is_owed_any(self, device: Device) -> bool:
        query = (
            "SELECT 1 FROM withheld_from WHERE user_id = ? AND device_id = ? AND session_key IS NOT NULL"
            " LIMIT 1"
        )
        return self._db.execute(query, list(_name(device))).fetchone() is not None

    def _content(self, session: OutboundSession, code: WithheldCode) -> dict[str, Json]:
        about: dict[str, Json] = {"room_id": session.room_id, "session_id": session.session_id}
        return {
            "algorithm": MEGOLM,
            "code": code.value,
            "reason": REASONS[code],
            "sender_key": self._account.curve25519,
            "from_device": self._account.device_id,
            # "no Olm session" is true of every session at once, and is said of none (Matrix spec).
            **({} if code is WithheldCode.NO_OLM else about),
        }


def _name(device: Device) -> DeviceName:
    return device.user_id, device.device_id
