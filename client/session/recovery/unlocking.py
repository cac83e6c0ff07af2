"""Unlocking a device with the recovery key or the passphrase: the identity, the signature, the backup."""

from __future__ import annotations

import contextlib

from client.session.crypto.key_backup.backup_version import current_version
from client.session.crypto.own_identity import CrossSigningKey, OwnIdentity
from client.session.crypto.published_identity import published_identity
from client.session.crypto.secret_storage.secret_storage import SecretName, StorageKey
from client.session.errors import (
    BackupRefused,
    HomeserverRefused,
    HomeserverUnreachable,
    RecoveryError,
    RecoveryNotSetUp,
)
from client.session.recovery.parts import Parts
from client.session.store.facts import Fact


async def unlock(parts: Parts, *, recovery_key: str | None, passphrase: str | None) -> None:
    """Give this device the account's identity, let it be signed, and read the backup for what waits.

    Nothing is changed unless the key opens the secrets and they are those of the identity that the account
    shows. Raises RecoveryNotSetUp, RecoveryKeyWrong, RecoveryError, what the transport raises, and last, with
    everything else done, BackupRefused.
    """
    key = await parts.storage.open(recovery_key=recovery_key, passphrase=passphrase)
    identity = await _stored_identity(parts, key)
    backup_key = await parts.storage.read(key, SecretName.BACKUP)
    with parts.db.atomic():
        if parts.machine.identity != identity:
            parts.machine.adopt_identity(identity)
        if backup_key is not None:
            parts.backup.keep_private_key(backup_key)
        parts.facts.put(Fact.RECOVERY_KEY_ID, key.key_id)
    await parts.vouch_for_device(identity)
    await _open_backup(parts, backup_key)


async def _stored_identity(parts: Parts, key: StorageKey) -> OwnIdentity:
    user_id = parts.machine.account.user_id
    keys = []
    for usage, name in (
        ("master", SecretName.MASTER),
        ("self_signing", SecretName.SELF_SIGNING),
        ("user_signing", SecretName.USER_SIGNING),
    ):
        seed = await parts.storage.read(key, name)
        if seed is None:
            raise RecoveryNotSetUp(
                "The account's identity is not among its secrets.",
                why=f"The homeserver has nothing under {name.value} for this key.",
                remedy="Run `rogatory recover --setup --replace` on a device that is vouched for.",
            )
        keys.append(CrossSigningKey(usage, seed))
    identity = OwnIdentity(user_id, *keys)
    published = await published_identity(parts.transport, user_id)
    if published is None or not published.is_of(identity):
        raise RecoveryError(
            "The recovery key opens another identity than the one that the account shows.",
            why="The identity was reset since the key was made, or the homeserver shows a false one.",
            remedy="Use the newest recovery key. If there is none that is newer, tell the region's IT.",
        )
    return identity


async def _open_backup(parts: Parts, backup_key: bytes | None) -> None:
    version = await current_version(parts.transport)
    parts.backup.use(version)
    if version is None:
        return
    if parts.backup.refusal is not None or (backup_key is not None and not parts.backup.readable.is_set()):
        raise BackupRefused(
            "This device is vouched for now, but the backup of room keys is refused.",
            why=parts.backup.refusal or "Its key is not the one that lies among the account's secrets.",
            remedy="Tell the region's IT that the backup was exchanged; `rogatory recover --setup --replace` "
            "begins a new one.",
        )
    parts.reading.forget_absent()
    # A command ends after this, so the history is waited for; what fails now goes on in the background.
    with contextlib.suppress(HomeserverUnreachable, HomeserverRefused):
        await parts.reading.read_missing()
