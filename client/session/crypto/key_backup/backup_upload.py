"""Putting room keys into the backup as they come, in the background, from wherever an earlier run stopped."""

from __future__ import annotations

import asyncio
import logging

from client.session.crypto.inbound_sessions import InboundSessions
from client.session.crypto.key_backup.backup_marks import PendingSession
from client.session.crypto.key_backup.key_backup import KeyBackup
from client.session.crypto.key_backup.patience import Patience
from client.session.crypto.key_backup.session_data import seal_session
from client.session.errors import HomeserverRefused, HomeserverUnreachable, LoggedOut
from client.session.events import Json
from client.session.pacing import Pace
from client.session.transport import Transport
from client.session.wire import CLIENT

_log = logging.getLogger(__name__)
_BATCH = 100
"""Room keys in one request: some hundred kilobytes."""


class BackupUpload:
    """Uploads what the store's sessions have and the backup has not."""

    def __init__(self, transport: Transport, backup: KeyBackup, inbound: InboundSessions) -> None:
        self._transport = transport
        self._backup = backup
        self._inbound = inbound
        self._uploading = asyncio.Lock()

    async def run(self) -> None:
        """Upload until cancelled: at once what waits, then whatever is saved."""
        patience = Patience()
        while True:
            await self._backup.usable.wait()
            self._inbound.saved.clear()
            try:
                await self.upload_pending()
            except LoggedOut:
                return
            except (HomeserverUnreachable, HomeserverRefused) as error:
                _log.info("Room keys wait for their backup: %s", error.why)
                await patience.pause()
                continue
            patience.reset()
            if self._backup.usable.is_set():
                await self._inbound.saved.wait()

    async def upload_pending(self) -> None:
        """Upload all that waits. Raises what the transport raises; what was taken until then is marked."""
        async with self._uploading:
            await self._upload_pending()

    async def _upload_pending(self) -> None:
        while (version := self._backup.version) is not None and version.public_key is not None:
            batch = self._backup.marks.pending(_BATCH)
            if not batch:
                return
            try:
                await self._put(batch, version.version, version.public_key)
            except HomeserverRefused as refusal:
                if refusal.errcode not in ("M_WRONG_ROOM_KEYS_VERSION", "M_NOT_FOUND"):
                    raise
                await self._backup.check()  # another device of ours began a new one, or removed it
                continue
            self._backup.marks.mark(batch, version.version)

    async def _put(self, batch: list[PendingSession], version: str, public_key: str) -> None:
        pace = Pace()
        rooms: dict[str, dict[str, Json]] = {}
        for session in batch:
            data = seal_session(
                public_key,
                exported_key=session.exported_key,
                first_index=session.first_index,
                sender_key=session.sender_key,
                signing_key=session.signing_key,
            )
            rooms.setdefault(session.room_id, {})[session.session_id] = data
            await pace.give_way()
        body: dict[str, Json] = {
            "rooms": {room_id: {"sessions": sessions} for room_id, sessions in rooms.items()}
        }
        await self._transport.request(
            "PUT", f"{CLIENT}/room_keys/keys", query={"version": version}, body=body, timeout=60
        )
