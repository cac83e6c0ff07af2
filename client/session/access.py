"""An account's room calls without opening its session: for whoever makes rooms and reads no message."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from client.session.accounts import Account
from client.session.errors import StoreError
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from client.session.store.account_store import open_account_store
from client.session.store.facts import Fact, Facts


@contextlib.asynccontextmanager
async def room_requests(account: Account) -> AsyncIterator[RoomRequests]:
    """Open a connection to the account's homeserver for room calls, and close it when the block ends.

    The store is only read, which another process that holds it does not mind. Raises StoreError.
    """
    async with HttpTransport(account.homeserver, _access_token(account)) as transport:
        yield RoomRequests(transport)


def _access_token(account: Account) -> str:
    db = open_account_store(account.folder, account.user_id)
    try:
        token = Facts(db).text(Fact.ACCESS_TOKEN)
    finally:
        db.close()
    if token is None:
        raise StoreError(
            f"The store of {account.user_id} is not whole.",
            why="It holds no access token.",
            remedy="Log in again with `rogatory login`.",
        )
    return token
