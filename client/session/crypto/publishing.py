"""Publishing our device and our identity, and keeping the server's supply of one-time keys.

Every step can be repeated: what is sent was stored before, and the server takes the same keys twice.
"""

from __future__ import annotations

import asyncio

import msgspec

from client.session.crypto.olm_account import SIGNED_KEY, OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.errors import HomeserverRefused, SessionError
from client.session.events import Json
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.transport import Transport
from client.session.wire import CLIENT, read_answer


class _SignaturesAnswer(msgspec.Struct):
    failures: dict[str, dict[str, msgspec.Raw]] = {}


class _UploadAnswer(msgspec.Struct):
    one_time_key_counts: dict[str, int] = {}


async def publish_identity(
    transport: Transport,
    db: Database,
    account: OlmAccount,
    identity: OwnIdentity | None,
    lock: asyncio.Lock | None = None,
) -> None:
    """Publish the identity, and the device already signed by it with its first one-time keys.

    The identity goes first, so that nobody ever sees the device without the signature that proves it. With
    None the device stands alone, until recovery or another device of ours vouches for it. Raises
    SessionError when the account has another identity already.
    """
    if identity is not None:
        await _publish_identity_alone(transport, account, identity)
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


async def publish_device_signature(
    transport: Transport, db: Database, account: OlmAccount, identity: OwnIdentity
) -> None:
    """Let our identity vouch for our device, which was published before, and remember that it does.

    Raises what the transport raises, and SessionError when the server did not take the signature.
    """
    signed = identity.self_signing.sign(account.device_keys(), account.user_id)
    body: dict[str, Json] = {account.user_id: {account.device_id: signed}}
    raw = await transport.request("POST", f"{CLIENT}/keys/signatures/upload", body=body)
    if read_answer(raw, _SignaturesAnswer).failures:
        raise SessionError(
            "The homeserver did not take this device's signature.",
            why="It knows the device with other keys, or the account with another identity.",
            remedy="Log this device out and in again, then recover again.",
        )
    Facts(db).put(Fact.SIGNED, b"1")


def identity_body(account: OlmAccount, identity: OwnIdentity) -> dict[str, Json]:
    """Return the body of /keys/device_signing/upload: the three public keys, chained and signed."""
    return {
        "master_key": account.sign(identity.public_object(identity.master)),
        "self_signing_key": identity.public_object(identity.self_signing),
        "user_signing_key": identity.public_object(identity.user_signing),
    }


async def _publish_identity_alone(transport: Transport, account: OlmAccount, identity: OwnIdentity) -> None:
    body = identity_body(account, identity)
    try:
        await transport.request("POST", f"{CLIENT}/keys/device_signing/upload", body=body)
    except HomeserverRefused as refusal:
        # 401 without an error code asks for the password: the account has a master key that is not ours.
        if refusal.status == 401 and refusal.errcode == "M_UNKNOWN":
            raise SessionError(
                f"{account.user_id} has an identity already, made by another device.",
                why="A second one would make everyone's client warn of a changed identity.",
                remedy="Log in again: the device then waits for the other one, or for the recovery key.",
            ) from None
        raise


async def _one_time_keys_on_server(transport: Transport) -> int:
    raw = await transport.request("POST", f"{CLIENT}/keys/upload", body={})
    return read_answer(raw, _UploadAnswer).one_time_key_counts.get(SIGNED_KEY, 0)


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
    if device:  # a process that died may have uploaded already
        on_server = await _one_time_keys_on_server(transport)
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
                facts.put(Fact.SIGNED, b"1" if identity else b"")
