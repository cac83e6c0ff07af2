"""Recovery of an open session: setting up, unlocking, resetting, its state, its work in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

from client.session.crypto.key_backup.backup_reading import BackupReading, TakeIn
from client.session.crypto.key_backup.backup_upload import BackupUpload
from client.session.crypto.key_backup.key_backup import KeyBackup
from client.session.crypto.key_backup.patience import Patience
from client.session.crypto.machine import Machine
from client.session.crypto.secret_message import SecretMessage
from client.session.crypto.secret_sharing import SecretSharing
from client.session.crypto.secret_storage.account_data import AccountData
from client.session.crypto.secret_storage.secret_storage import SecretStorage
from client.session.errors import HomeserverUnreachable, LoggedOut, SessionError
from client.session.recovery import resetting, setting_up, unlocking
from client.session.recovery.parts import Parts
from client.session.recovery.state import Recovery, RecoveryState
from client.session.secret import Secret
from client.session.store.facts import Fact
from client.session.store.sqlcipher import Database
from client.session.store.timeline import Timeline
from client.session.transport import Transport

_log = logging.getLogger(__name__)
_MOST_WAITING = 100
"""Messages about secrets that wait to be looked at; only our own server's own users can send more."""


class SessionRecovery:
    """What the session's face shows of recovery."""

    def __init__(
        self, db: Database, transport: Transport, machine: Machine, timeline: Timeline, take_in: TakeIn
    ) -> None:
        backup = KeyBackup(db, transport, machine)
        self._parts = Parts(
            db,
            transport,
            machine,
            SecretStorage(AccountData(transport, machine.account.user_id)),
            backup,
            BackupUpload(transport, backup, machine.inbound),
            BackupReading(transport, backup, machine.inbound, timeline, take_in),
        )
        self._sharing = SecretSharing(transport, machine, backup)
        self._messages: list[SecretMessage] = []
        self._work = asyncio.Event()
        self._changing = asyncio.Lock()

    def start(self, begin: Callable[[Coroutine[None, None, None]], None]) -> None:
        """Begin the work in the background, in tasks that `begin` owns."""
        begin(self._begin_backup())
        begin(self._parts.upload.run())
        begin(self._parts.reading.run())
        begin(self._share_secrets())

    def after_sync(self, messages: Sequence[SecretMessage], *, unreadable: bool) -> None:
        """Take in what a committed sync brought; `unreadable`: events whose key may be in the backup."""
        self._messages = [*self._messages, *messages][-_MOST_WAITING:]
        if unreadable:
            self._parts.reading.wanted.set()
        if self._messages or self._sharing.lacks:
            self._work.set()

    async def state(self) -> RecoveryState:
        """Return how things stand; offline, as far as this device knows."""
        parts = self._parts
        try:
            is_set_up = await parts.storage.key_id() is not None
        except (HomeserverUnreachable, LoggedOut):
            is_set_up = parts.facts.get(Fact.RECOVERY_KEY_ID) is not None
        holds = parts.machine.identity is not None
        recovery = Recovery.NOT_SET_UP
        if is_set_up:
            recovery = Recovery.UNLOCKED if holds else Recovery.LOCKED
        version = parts.backup.version
        backed_up, total = parts.backup.marks.count()
        return RecoveryState(
            recovery=recovery,
            signed=holds and parts.facts.get(Fact.SIGNED) == b"1",
            backup_version=version.version if version else None,
            backup_refused=parts.backup.refusal,
            backed_up=backed_up if version else 0,
            room_keys=total,
            refused_keys=len(parts.reading.refused),
        )

    async def set_up(self, passphrase: str | None, *, replace: bool) -> str:
        """See `setting_up.set_up`."""
        async with self._changing:
            return await setting_up.set_up(self._parts, passphrase, replace=replace)

    async def unlock(self, *, recovery_key: str | None, passphrase: str | None) -> None:
        """See `unlocking.unlock`."""
        async with self._changing:
            await unlocking.unlock(self._parts, recovery_key=recovery_key, passphrase=passphrase)

    async def reset(self, password: Secret[str], passphrase: str | None) -> str:
        """See `resetting.reset`."""
        async with self._changing:
            return await resetting.reset(self._parts, password, passphrase)

    async def _begin_backup(self) -> None:
        """Finish what an earlier process began, and find out whether there is a backup to be used."""
        patience = Patience()
        while True:
            try:
                async with self._changing:
                    identity = self._parts.machine.identity
                    if identity is not None and self._parts.facts.get(Fact.SIGNED) != b"1":
                        await self._parts.vouch_for_device(identity)
                    await self._parts.backup.check()
            except LoggedOut:
                return
            except SessionError as error:
                _log.info("The backup could not be looked at: %s", error.why)
                await patience.pause()
            else:
                return

    async def _share_secrets(self) -> None:
        patience = Patience()
        while True:
            await self._work.wait()
            self._work.clear()
            messages, self._messages = self._messages, []
            try:
                identity = await self._sharing.take(messages)
                if identity is not None:
                    async with self._changing:
                        with self._parts.db.atomic():
                            self._parts.machine.adopt_identity(identity)
                        await self._parts.vouch_for_device(identity)
                        await self._parts.backup.check()
                    self._parts.reading.forget_absent()
                await self._sharing.ask()
            except LoggedOut:
                return
            except SessionError as error:
                _log.info("Secrets could not be shared: %s", error.why)
                self._work.set()
                await patience.pause()
            else:
                patience.reset()
