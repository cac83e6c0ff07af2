"""To-device messages on their way: written to the store before they are sent, gone from it after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from client.session.crypto.public_keys import Device
from client.session.errors import HomeserverRefused, LimitExceeded, LoggedOut
from client.session.events import Json
from client.session.store.sqlcipher import Database
from client.session.transport import Transport
from client.session.wire import CLIENT, part

_log = logging.getLogger(__name__)
_MOST_RECIPIENTS = 200
"""Messages in one request; servers take some megabytes, and a room key is about two kilobytes."""


class ToDeviceQueue:
    """The queue of one store, sent in order."""

    def __init__(self, db: Database, transport: Transport, device_id: str) -> None:
        self._db = db
        self._transport = transport
        self._device_id = device_id
        self._sending = asyncio.Lock()

    def put(self, type: str, messages: Sequence[tuple[Device, dict[str, Json]]]) -> None:
        """Queue messages, one a device, in the transaction that saves the ratchets which encrypted them."""
        for start in range(0, len(messages), _MOST_RECIPIENTS):
            bodies: dict[str, dict[str, Json]] = {}
            for device, content in messages[start : start + _MOST_RECIPIENTS]:
                bodies.setdefault(device.user_id, {})[device.device_id] = content
            self._db.execute(
                "INSERT INTO to_device_queue (type, body) VALUES (?, ?)",
                [type, msgspec.json.encode({"messages": bodies})],
            )

    async def flush(self) -> None:
        """Send what is queued. Raises what the transport raises when trying again may help."""
        async with self._sending:
            while True:
                query = "SELECT id, type, body FROM to_device_queue ORDER BY id LIMIT 1"
                row = self._db.execute(query).fetchone()
                if row is None:
                    return
                number, type, body = row
                # The id is never used again in this store, so the server knows a repetition as one.
                path = f"{CLIENT}/sendToDevice/{part(type)}/rogatory-{part(self._device_id)}-{number}"
                # Not taken apart: it was encoded for the wire once, and a Raw is sent as what it holds.
                sent: Any = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
                try:
                    await self._transport.request("PUT", path, body=sent, timeout=60)
                except (LoggedOut, LimitExceeded):
                    raise
                except HomeserverRefused as refusal:
                    if refusal.status >= 500:
                        raise
                    _log.warning("The homeserver refused a to-device message: %s", refusal.errcode)
                self._drop(number)

    def _drop(self, number: int) -> None:
        # What was sent is encrypted for others: its pages need not be overwritten, which would cost as much
        # as the writing of them did.
        self._db.execute("PRAGMA secure_delete = fast").fetchone()
        self._db.execute("DELETE FROM to_device_queue WHERE id = ?", [number])
        self._db.execute("PRAGMA secure_delete = on").fetchone()
