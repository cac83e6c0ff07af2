"""Publishing our device and our identity, and keeping the server's supply of one-time keys.

Every step can be repeated: what is sent was stored before, and the server takes the same keys twice.
"""

from __future__ import annotations

import asyncio

from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.errors import HomeserverRefused, SessionError
from client.session.events import Json
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.transport import Transport
from client.session.wire import CLIENT


async def publish_identity(
    transport: Transport,
    db: Database,
    account: OlmAccount,
    identity: OwnIdentity,
    lock: asyncio.Lock | None = None,
) -> None:
    """Publish the identity, and the device already signed by it with its first one-time keys.

    The identity goes first, so that nobody ever sees the device without the signature that proves it.
    Raises SessionError when the account has another identity already.
    """
    body: dict[str, Json] = {
        "master_key": account.sign(identity.public_object(identity.master)),
        "self_signing_key": identity.public_object(identity.self_signing),
        "user_signing_key": identity.public_object(identity.user_signing),
    }
    try:
        await transport.request("POST", f"{CLIENT}/keys/device_signing/upload", body=body)
    except HomeserverRefused as refusal:
        # 401 without an error code asks for the password: the account has a master key that is not ours.
        if refusal.status == 401 and refusal.errcode == "M_UNKNOWN":
            raise SessionError(
                f"{account.user_id} has an identity already, made by another device.",
                why="A second one would make everyone's client warn of a changed identity.",
                remedy="Verify this device from the other one, or recover with the recovery key.",
            ) from None
        raise
    await publish_keys(
        transport,
        db,
        account,
        identity,
        on_server=0,
        fallback_unused=False,
        lock=lock or asyncio.Lock(),
        device=True,
    )


async def publish_keys(
    transport: Transport,
    db: Database,
    account: OlmAccount,
    identity: OwnIdentity | None,
    *,
    on_server: int,
    fallback_unused: bool,
    lock: asyncio.Lock,
    device: bool = False,
) -> None:
    """Upload one-time keys and a fallback key where the server runs low, and with `device` the device too.

    `lock` guards the account while it is changed and saved.
    """
    facts = Facts(db)
    async with lock:
        if account.replenish(on_server, fallback_unused=fallback_unused):
            account.save(facts)
        body = account.unpublished_keys()
    if device:
        keys = account.device_keys()
        body["device_keys"] = identity.self_signing.sign(keys, account.user_id) if identity else keys
    if not body:
        return
    await transport.request("POST", f"{CLIENT}/keys/upload", body=body)
    async with lock:
        account.mark_published()
        with db.atomic():
            account.save(facts)
            if device:
                facts.put(Fact.PUBLISHED, b"1")
