"""Enrolling a device on this machine: its folder, its store, its keys, published as Element expects them.

The first device of an account makes the account's identity. A later one comes without: it can be seen and
reads nothing, until recovery or another device of the account vouches for it.
"""

from __future__ import annotations

from vodozemac import Account as VodozemacAccount

from client.session.accounts import Account, Accounts
from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.published_identity import published_identity
from client.session.crypto.publishing import publish_identity
from client.session.errors import SessionError
from client.session.http_transport import HttpTransport
from client.session.local.private_files import private_folder
from client.session.secret import Secret, hidden
from client.session.store.account_lock import held_store
from client.session.store.account_store import make_account_store, open_account_store
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.store.store_key import KeyHolder
from client.session.transport import Transport


async def enrol(
    accounts: Accounts,
    *,
    user_id: str,
    homeserver: str,
    device_id: str,
    access_token: str | Secret[str],
    key_holder: KeyHolder = KeyHolder.FILE,
    passphrase: Secret[str] | None = None,
    transport: Transport | None = None,
) -> Account:
    """Make the store and the keys of a freshly logged in device, publish them, and return the account.

    `homeserver` is the address of the client API. Four requests; killed at any point, a second call with the
    same device goes on with the same keys. `key_holder` keeps the store's key: a 0600 file, as on the
    development network, the keyring, or `passphrase`. A `transport` that is given is used and left open.
    Raises SessionError when another device of the account is enrolled here, StoreHeld while a session has the
    store open, and what making a key raises.
    """
    access_token = hidden(access_token)
    folder = private_folder(accounts.folder(user_id))
    with held_store(folder / "lock", user_id):
        db = make_account_store(folder, user_id, key_holder, passphrase)
        try:
            keys = _own_keys(db, user_id, device_id, access_token)
            account = accounts.write(user_id, homeserver, device_id)
            if Facts(db).get(Fact.PUBLISHED) is None:
                await _publish_by(transport, homeserver, access_token, db, keys)
            return account
        finally:
            db.close()


def is_enrolled(account: Account) -> bool:
    """Tell whether a device here has come to the end of its enrolment. Raises StoreError."""
    db = open_account_store(account.folder, account.user_id)
    try:
        return Facts(db).get(Fact.PUBLISHED) is not None
    finally:
        db.close()


async def enrol_again(account: Account, access_token: Secret[str]) -> None:
    """Go on with an enrolled device that was logged out and in again: its store, its keys, a new token.

    The homeserver has forgotten the device's keys with its login; the same ones are published anew. Killed in
    between, the next session publishes them. Raises StoreHeld, StoreError, and what the transport raises.
    """
    with held_store(account.lock_path, account.user_id):
        db = open_account_store(account.folder, account.user_id)
        try:
            facts = Facts(db)
            with db.atomic():
                keys = _own_keys(db, account.user_id, account.device_id, access_token)
                facts.drop(Fact.PUBLISHED)
                facts.put(Fact.SIGNED, b"")
            await _publish_by(None, account.homeserver, access_token, db, keys)
        finally:
            db.close()


async def _publish_by(
    transport: Transport | None, homeserver: str, access_token: Secret[str], db: Database, keys: OlmAccount
) -> None:
    if transport is not None:
        await _publish(transport, db, keys)
    else:
        async with HttpTransport(homeserver, access_token) as opened:
            await _publish(opened, db, keys)


async def _publish(transport: Transport, db: Database, keys: OlmAccount) -> None:
    """Publish the device, with an identity of its own making only where the account has none."""
    facts = Facts(db)
    published = await published_identity(transport, keys.user_id)
    identity = OwnIdentity.load(facts, keys.user_id)
    if published is not None and (identity is None or not published.is_of(identity)):
        # Another device made it. A second identity would make everyone's client warn of a changed one.
        OwnIdentity.forget(facts)
        identity = None
    elif identity is None:
        identity = OwnIdentity.generate(keys.user_id)
        with db.atomic():
            identity.save(facts)
    await publish_identity(transport, db, keys, identity)


def _own_keys(db: Database, user_id: str, device_id: str, access_token: Secret[str]) -> OlmAccount:
    """Load our device's keys, or make and store them in one transaction: all of them are there, or none."""
    facts = Facts(db)
    stored_device = facts.text(Fact.DEVICE_ID)
    if stored_device not in (None, device_id) and facts.get(Fact.PUBLISHED) is not None:
        raise SessionError(
            f"{user_id} is enrolled on this machine as device {stored_device}.",
            why=f"A second device, {device_id}, would need a folder of its own.",
            remedy="Go on with the device that is here, or log it out first.",
        )
    keys = OlmAccount.load(facts, user_id, device_id) if stored_device == device_id else None
    with db.atomic():
        if keys is None:
            keys = OlmAccount(user_id, device_id, VodozemacAccount())
            keys.replenish(0, fallback_unused=False)
            keys.save(facts)
        facts.put(Fact.USER_ID, user_id)
        facts.put(Fact.DEVICE_ID, device_id)
        facts.put(Fact.ACCESS_TOKEN, access_token.reveal())
    return keys
