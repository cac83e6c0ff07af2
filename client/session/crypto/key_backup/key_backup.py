"""The account's backup as this device knows it: its version, its keys, and whether it may be used."""

from __future__ import annotations

import asyncio
import logging

from client.session.crypto.key_backup.backup_marks import BackupMarks
from client.session.crypto.key_backup.backup_version import BackupVersion, current_version
from client.session.crypto.key_backup.session_data import public_key_of
from client.session.crypto.machine import Machine
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.transport import Transport

_log = logging.getLogger(__name__)


class KeyBackup:
    """What uploading and reading share. `version` is set only while it is one that may be used."""

    def __init__(self, db: Database, transport: Transport, machine: Machine) -> None:
        self._transport = transport
        self._machine = machine
        self._facts = Facts(db)
        self.marks = BackupMarks(db)
        self.version: BackupVersion | None = None
        self.shown: BackupVersion | None = None
        """What the server showed last, trusted or not."""
        self.refusal: str | None = None
        """Why the backup that the server shows is not used, in one sentence."""
        self.usable = asyncio.Event()
        """Set while there is a version to upload to."""
        self.readable = asyncio.Event()
        """Set while there is one whose private key we hold."""

    @property
    def private_key(self) -> bytes | None:
        """The backup's private key, if this device has it."""
        return self._facts.get(Fact.BACKUP_KEY)

    def keep_private_key(self, key: bytes) -> None:
        """Store the private key, in the caller's transaction if there is one."""
        self._facts.put(Fact.BACKUP_KEY, key)

    async def check(self) -> None:
        """Ask the server for its version, and use that or say why not. Raises what the transport raises."""
        self.use(await current_version(self._transport))

    def use(self, version: BackupVersion | None) -> None:
        """Use a version from now on, if it may be trusted."""
        machine, private_key = self._machine, self.private_key
        self.shown = version
        identity = machine.identity
        master_key = identity.master.public_key if identity else None
        self.refusal = None
        if version is not None:
            self.refusal = version.refusal(machine.account.user_id, master_key, private_key)
        if version is None or self.refusal is not None:
            if version is not None:
                _log.warning("The backup of room keys is not used: %s", self.refusal)
            self.version = None
            self.usable.clear()
            self.readable.clear()
            return
        self.version = version
        self.marks.begin(version.version)
        self.usable.set()
        if private_key is not None and public_key_of(private_key) == version.public_key:
            self.readable.set()
        else:
            self.readable.clear()
