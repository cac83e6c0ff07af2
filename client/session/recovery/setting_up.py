"""Setting recovery up: a new recovery key, the secrets sealed with it, a backup of the room keys."""

from __future__ import annotations

import contextlib

from nacl.utils import random as random_bytes

from client.session.crypto.key_backup.backup_version import current_version, make_version
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.published_identity import published_identity
from client.session.crypto.secret_storage.recovery_key import write_recovery_key
from client.session.crypto.secret_storage.secret_storage import SecretName, StorageKey
from client.session.errors import HomeserverRefused, HomeserverUnreachable, IdentityNotHeld, RecoverySetUp
from client.session.recovery.parts import Parts
from client.session.store.facts import Fact


async def set_up(parts: Parts, passphrase: str | None, *, replace: bool) -> str:
    """Set recovery up, and return the recovery key in its written form.

    With a `passphrase` that opens the secrets too. `replace`: also where a recovery key exists, which then
    opens nothing any more. The account's default key changes last: killed before, the old key still holds.
    Raises RecoverySetUp, IdentityNotHeld, and what the transport raises.
    """
    identity = await _held_identity(parts)
    if await parts.storage.key_id() is not None and not replace:
        raise RecoverySetUp(
            "Recovery is set up already.",
            why="A new recovery key would take the place of the one that somebody has written down.",
            remedy="Use that one; if it is lost, run `rogatory recover --setup --replace`.",
        )
    key = await StorageKey.new(passphrase)
    backup_key = await _ensure_backup(parts, identity)
    await parts.storage.describe(key)
    for name, secret in (
        (SecretName.MASTER, identity.master.seed),
        (SecretName.SELF_SIGNING, identity.self_signing.seed),
        (SecretName.USER_SIGNING, identity.user_signing.seed),
        (SecretName.BACKUP, backup_key),
    ):
        await parts.storage.write(key, name, secret)
    await parts.storage.make_default(key)
    parts.facts.put(Fact.RECOVERY_KEY_ID, key.key_id)
    # A command ends after this, so the room keys are waited for; what fails now goes on in the background.
    with contextlib.suppress(HomeserverUnreachable, HomeserverRefused):
        await parts.upload.upload_pending()
    return write_recovery_key(key.key)


async def _held_identity(parts: Parts) -> OwnIdentity:
    """Return the account's identity if this device holds it, as the homeserver shows it."""
    identity = parts.machine.identity
    published = await published_identity(parts.transport, parts.machine.account.user_id)
    if identity is not None and published is not None and published.is_of(identity):
        return identity
    raise IdentityNotHeld(
        "This device cannot set recovery up.",
        why="It does not hold the identity that the account shows, which another device made."
        if identity is None
        else "The homeserver shows another identity than the one that this device holds.",
        remedy="Do it on a device that is vouched for, or begin anew with `rogatory recover --reset`.",
    )


async def _ensure_backup(parts: Parts, identity: OwnIdentity) -> bytes:
    """Return the private key of the account's backup, made now unless there is one that we can read."""
    backup = parts.backup
    backup.use(await current_version(parts.transport))
    private_key = backup.private_key
    if private_key is not None and backup.readable.is_set():
        return private_key
    private_key = random_bytes(32)
    # First in the store: a version whose key nobody has would take room keys that nobody can read.
    backup.keep_private_key(private_key)
    backup.use(await make_version(parts.transport, private_key, parts.machine.account, identity))
    return private_key
