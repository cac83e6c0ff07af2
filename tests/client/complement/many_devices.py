"""Many devices of one user, published and vouched for, without a session of their own."""

from __future__ import annotations

import asyncio

from vodozemac import Account as VodozemacAccount

from client.session.crypto.olm_account import OlmAccount
from client.session.session import OpenSession
from tests.client.person import Person
from tests.client.session.homeserver import call

_AT_ONCE = 8


async def add_devices(person: Person, session: OpenSession, count: int) -> list[str]:
    """Log that many devices in, with keys that the session's identity vouches for; return their ids."""
    identity = session._machine.identity
    assert identity is not None
    limit = asyncio.Semaphore(_AT_ONCE)

    def publish() -> str:
        login = person.homeserver.login(person.login.user_id, person.login.password)
        account = OlmAccount(login.user_id, login.device_id, VodozemacAccount())
        account.replenish(40, fallback_unused=False)
        body = account.unpublished_keys()
        body["device_keys"] = identity.self_signing.sign(account.device_keys(), login.user_id)
        url = person.homeserver.url
        call(url, "POST", "/_matrix/client/v3/keys/upload", body, login.access_token)
        return login.device_id

    async def one() -> str:
        async with limit:
            return await asyncio.to_thread(publish)

    return await asyncio.gather(*(one() for _ in range(count)))
