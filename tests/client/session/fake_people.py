"""Sessions on the fake homeserver: enrolled, open, and syncing, without a socket or nio."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from client.session.accounts import Accounts
from client.session.crypto.own_identity import OwnIdentity
from client.session.enrolment import enrol
from client.session.owned_tasks import OwnedTasks
from client.session.session import OpenSession
from client.session.store.account_store import open_account_store
from client.session.store.facts import Facts
from client.session.store.vault import Vault
from policies.trust.manifest import Manifest
from tests.client.session.fake_homeserver import FakeHomeserver, FakeTransport


class Person:
    """A user with one device on the fake."""

    def __init__(self, server: FakeHomeserver, user_id: str, device_id: str, root: Path) -> None:
        self.server, self.user_id, self.device_id = server, user_id, device_id
        self.root = root / device_id
        self.transport: FakeTransport = server.transport(user_id, device_id)

    async def enrol(self, *, anew: bool = True) -> Person:
        """Make and publish the device's keys; `anew`: with a new identity, in place of one there may be."""
        if anew:
            self.server.identities.pop(self.user_id, None)
        await enrol(
            Accounts(self.root),
            user_id=self.user_id,
            homeserver="http://127.0.0.1:1",
            device_id=self.device_id,
            access_token="syt_fake",
            transport=self.transport,
        )
        return self

    def store(self) -> Vault:
        """Open the store; only one at a time."""
        return open_account_store(Accounts(self.root).folder(self.user_id), self.user_id)

    def identity(self) -> OwnIdentity:
        """Read the identity, private keys and all, from the store."""
        db = self.store()
        try:
            identity = OwnIdentity.load(Facts(db), self.user_id)
        finally:
            db.close()
        assert identity is not None
        return identity

    @contextlib.asynccontextmanager
    async def session(self, manifest: Manifest | None = None) -> AsyncIterator[OpenSession]:
        """Open the session, believing the attestations that `manifest` makes good."""
        db = self.store()
        try:
            async with OwnedTasks() as tasks:
                session = OpenSession(
                    db, self.transport, self.transport, tasks.begin, lambda _: True, manifest
                )
                session.start()
                await session.sync.attempted.wait()
                yield session
                session.close()
        finally:
            db.close()


async def alice_and_bob(root: Path) -> tuple[FakeHomeserver, Person, Person]:
    """Return a fake with two enrolled people in one room."""
    server = FakeHomeserver("@alice:a.test", "@bob:b.test")
    alice = await Person(server, "@alice:a.test", "ALICE", root).enrol()
    bob = await Person(server, "@bob:b.test", "BOB", root).enrol()
    return server, alice, bob
