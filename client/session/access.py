"""An account's room calls without opening its session: for whoever makes rooms and reads no message."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from client.session.accounts import Account
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from client.session.secret import Secret
from client.session.store.account_store import access_token, open_account_store


@contextlib.asynccontextmanager
async def room_requests(account: Account) -> AsyncIterator[RoomRequests]:
    """Open a connection to the account's homeserver for room calls, and close it when the block ends.

    The store is only read, which another process that holds it does not mind. Raises StoreError.
    """
    async with HttpTransport(account.homeserver, _access_token(account)) as transport:
        yield RoomRequests(transport)


def _access_token(account: Account) -> Secret[str]:
    db = open_account_store(account.folder, account.user_id)
    try:
        return access_token(db, account.user_id)
    finally:
        db.close()
