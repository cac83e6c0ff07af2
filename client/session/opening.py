"""Opening an account's session: ours to hold, or, where another process holds it, through that process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

from client.session.accounts import Account
from client.session.errors import StoreError, StoreHeld
from client.session.holder import served
from client.session.http_transport import HttpTransport
from client.session.invitations import Welcome
from client.session.local.local_socket import socket_path
from client.session.owned_tasks import OwnedTasks
from client.session.remote import RemoteSession, connected_session
from client.session.session import OpenSession
from client.session.store.account_lock import held_store
from client.session.store.account_store import access_token, open_account_store
from client.session.store.vault import Vault, reported_failures
from policies.trust.manifest import Manifest

_FIRST_SYNC_PATIENCE = 15.0
"""Seconds that opening waits for the first sync; after that the session is open, and offline."""
_HOLDER_PATIENCE = 20.0
"""Seconds for the process that holds the store to answer: it may be in its own first sync."""


@contextlib.asynccontextmanager
async def hold_session(
    account: Account, *, welcome: Welcome, manifest: Manifest | None = None
) -> AsyncIterator[OpenSession]:
    """Hold the account's store, and sync until the block ends. Raises StoreHeld, StoreError.

    A homeserver that does not answer, or no longer accepts this device, is no error: the session opens from
    its store, and `connection` says how it stands.
    """
    with held_store(account.lock_path, account.user_id), _opened_store(account) as db:
        session: OpenSession | None = None
        try:
            async with (
                HttpTransport(account.homeserver, access_token(db, account.user_id)) as transport,
                OwnedTasks() as tasks,
            ):
                with reported_failures(account.store_path):
                    session = OpenSession(db, transport, transport, tasks.begin, welcome, manifest)
                session.start()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_FIRST_SYNC_PATIENCE):
                        await session.sync.attempted.wait()
                try:
                    yield session
                finally:
                    session.close()
        except StoreError as error:
            raise (session.last_words(error) if session else error) from None


@contextlib.contextmanager
def _opened_store(account: Account) -> Iterator[Vault]:
    db = open_account_store(account.folder, account.user_id)
    try:
        yield db
    finally:
        db.close()


@contextlib.asynccontextmanager
async def open_session(
    account: Account, *, welcome: Welcome, manifest: Manifest | None = None
) -> AsyncIterator[OpenSession | RemoteSession]:
    """Open an account's session, and close it when the block ends.

    `welcome` decides which invitations are accepted without asking, `manifest` whose attestations are
    believed; where another process holds the session, that process' own do. Raises StoreHeld when the holder
    does not answer, and StoreError.
    """
    deadline = asyncio.get_running_loop().time() + _HOLDER_PATIENCE
    async with contextlib.AsyncExitStack() as stack:
        while True:
            session: OpenSession | RemoteSession
            try:
                session = await stack.enter_async_context(
                    hold_session(account, welcome=welcome, manifest=manifest)
                )
                await stack.enter_async_context(served(session, account.wanted_socket))
                break
            except StoreHeld as held:
                try:
                    session = await stack.enter_async_context(
                        connected_session(account.user_id, account.wanted_socket)
                    )
                    break
                except PermissionError:  # it is another user's
                    raise held from None
                except (ConnectionError, FileNotFoundError):
                    # The holder may itself be about to open, or hold the store for a moment only.
                    if asyncio.get_running_loop().time() > deadline:
                        raise held from None
            await asyncio.sleep(0.05)
        yield session


def is_served(account: Account) -> bool:
    """Tell whether another process holds the session and answers: then nobody needs the key here."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(socket_path(account.wanted_socket)))
        except OSError:
            return False
    return True
