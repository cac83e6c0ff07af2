"""Enrolling a device on this machine: its folder, its store, its keys, published as Element expects them."""

from __future__ import annotations

from vodozemac import Account as VodozemacAccount

from client.session.accounts import Account, Accounts
from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.publishing import publish_identity
from client.session.errors import SessionError
from client.session.http_transport import HttpTransport
from client.session.local.private_files import private_folder
from client.session.store.account_lock import held_store
from client.session.store.account_store import make_account_store
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.transport import Transport


async def enrol(
    accounts: Accounts,
    *,
    user_id: str,
    homeserver: str,
    device_id: str,
    access_token: str,
    key_in_file: bool = True,
    transport: Transport | None = None,
) -> Account:
    """Make the store and the keys of a freshly logged in device, publish them, and return the account.

    `homeserver` is the address of the client API. Two requests; killed at any point, a second call with the
    same device goes on with the same keys. `key_in_file` keeps the store's key in a 0600 file, as the
    development network does; otherwise the keyring holds it. A `transport` that is given is used and left
    open. Raises SessionError when another device of the account is enrolled here or the account has an
    identity made elsewhere, and StoreHeld while a session has the store open.
    """
    folder = private_folder(accounts.folder(user_id))
    with held_store(folder / "lock", user_id):
        db = make_account_store(folder, user_id, key_in_file=key_in_file)
        try:
            keys, identity = _own_keys(db, user_id, device_id, access_token)
            account = accounts.write(user_id, homeserver, device_id)
            if Facts(db).get(Fact.PUBLISHED) is not None:
                return account
            if transport is not None:
                await publish_identity(transport, db, keys, identity)
            else:
                async with HttpTransport(homeserver, access_token) as opened:
                    await publish_identity(opened, db, keys, identity)
            return account
        finally:
            db.close()


def _own_keys(
    db: Database, user_id: str, device_id: str, access_token: str
) -> tuple[OlmAccount, OwnIdentity]:
    """Load our keys, or make and store them in one transaction: all of them are there, or none."""
    facts = Facts(db)
    stored_device = facts.text(Fact.DEVICE_ID)
    if stored_device not in (None, device_id) and facts.get(Fact.PUBLISHED) is not None:
        raise SessionError(
            f"{user_id} is enrolled on this machine as device {stored_device}.",
            why=f"A second device, {device_id}, would need a folder of its own.",
            remedy="Go on with the device that is here, or log it out first.",
        )
    keys = OlmAccount.load(facts, user_id, device_id) if stored_device == device_id else None
    identity = OwnIdentity.load(facts, user_id)
    with db.atomic():
        if keys is None:
            keys = OlmAccount(user_id, device_id, VodozemacAccount())
            keys.replenish(0, fallback_unused=False)
            keys.save(facts)
        if identity is None:
            identity = OwnIdentity.generate(user_id)
            identity.save(facts)
        facts.put(Fact.USER_ID, user_id)
        facts.put(Fact.DEVICE_ID, device_id)
        facts.put(Fact.ACCESS_TOKEN, access_token)
    return keys, identity
