"""What the steps of recovery work with, and the step that several share: making an identity our own."""

from __future__ import annotations

from dataclasses import dataclass

from client.session.crypto.key_backup.backup_reading import BackupReading
from client.session.crypto.key_backup.backup_upload import BackupUpload
from client.session.crypto.key_backup.key_backup import KeyBackup
from client.session.crypto.machine import Machine
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.publishing import publish_device_signature
from client.session.crypto.secret_storage.secret_storage import SecretStorage
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.transport import Transport


@dataclass(frozen=True)
class Parts:
    """The parts of one open session."""

    db: Database
    transport: Transport
    machine: Machine
    storage: SecretStorage
    backup: KeyBackup
    upload: BackupUpload
    reading: BackupReading

    @property
    def facts(self) -> Facts:
        """The single values of the store."""
        return Facts(self.db)

    async def vouch_for_device(self, identity: OwnIdentity) -> None:
        """Let the identity that this device holds sign the device, and see that the server shows it.

        Raises what the transport raises.
        """
        account = self.machine.account
        if self.facts.get(Fact.SIGNED) != b"1":
            await publish_device_signature(self.transport, self.db, account, identity)
        self.machine.devices.mark_stale([account.user_id])
        await self.machine.devices.refresh([account.user_id])
