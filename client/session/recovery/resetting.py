"""Resetting: a new identity for the account, when neither the recovery key nor a vouched device is left.

Everyone who has pinned the old identity is warned and sends nothing until they have accepted the new one;
attestations of the old one say nothing of the new; a new recovery key and a new backup begin. What only the
old backup holds cannot be read by new devices any more.
"""

from __future__ import annotations

from client.session.crypto.own_identity import CrossSigningKey, OwnIdentity
from client.session.crypto.publishing import identity_body
from client.session.password_proof import request_with_password
from client.session.recovery.parts import Parts
from client.session.recovery.setting_up import set_up
from client.session.secret import Secret
from client.session.store.facts import Fact
from client.session.wire import CLIENT


async def reset(parts: Parts, password: Secret[str], passphrase: str | None) -> str:
    """Give the account a new identity, and return its new recovery key in its written form.

    `password` is the account's: its homeserver asks for it. Killed at any point, a second call goes on with
    the same identity. Raises NotAllowed when the password is wrong, and what the transport raises.
    """
    identity = _next_identity(parts)
    account = parts.machine.account
    await request_with_password(
        parts.transport,
        "POST",
        f"{CLIENT}/keys/device_signing/upload",
        identity_body(account, identity),
        user_id=account.user_id,
        password=password,
        undone="The account's identity was not reset.",
    )
    with parts.db.atomic():
        parts.machine.adopt_identity(identity)
        parts.facts.drop(Fact.BACKUP_KEY)
        parts.facts.drop(Fact.NEXT_IDENTITY)
    await parts.vouch_for_device(identity)
    return await set_up(parts, passphrase, replace=True)


def _next_identity(parts: Parts) -> OwnIdentity:
    """Return the identity that is about to be: in the store before the server hears of it."""
    user_id = parts.machine.account.user_id
    kept = parts.facts.get(Fact.NEXT_IDENTITY)
    if kept is None:
        identity = OwnIdentity.generate(user_id)
        keys = (identity.master, identity.self_signing, identity.user_signing)
        parts.facts.put(Fact.NEXT_IDENTITY, b"".join(key.seed for key in keys))
        return identity
    usages = ("master", "self_signing", "user_signing")
    seeds = (kept[:32], kept[32:64], kept[64:])
    return OwnIdentity(
        user_id, *(CrossSigningKey(usage, seed) for usage, seed in zip(usages, seeds, strict=True))
    )
