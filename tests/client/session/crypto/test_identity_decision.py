"""A changed identity: what a person is shown, and how the decision is made, here and over the socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client.session.errors import IdentityChanged
from client.session.face import Session
from client.session.holder import served
from client.session.remote import connected_session
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import Person, alice_and_bob

TEXT = {"msgtype": "m.text", "body": "hello"}


@asynccontextmanager
async def _face(alice: Person, root: Path, remote: bool) -> AsyncIterator[Session]:
    async with alice.session() as held:
        if not remote:
            yield held
            return
        async with served(held, root / "s"), connected_session(alice.user_id, root / "s") as session:
            yield session


@pytest.mark.parametrize("remote", [False, True])
async def test_a_person_sees_the_change_and_accepts_the_key_that_was_shown(
    tmp_path: Path, remote: bool
) -> None:
    """Both keys are shown; the key shown is accepted, and one that changed again meanwhile is not."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with _face(alice, tmp_path, remote) as a:
        first = await a.identity(bob.user_id)
        assert (first.changed, first.verified, first.attested) == (False, False, False)
        assert first.master_key == bob.identity().master.public_key
        new = await Person(server, bob.user_id, "NEW", tmp_path).enrol()
        shown = await a.identity(bob.user_id)
        assert (shown.changed, shown.pinned_master_key) == (True, first.master_key)
        assert shown.master_key == new.identity().master.public_key
        with pytest.raises(IdentityChanged, match=f"rogatory identity {bob.user_id} --accept"):
            await a.send(ROOM, TEXT)
        newest = await Person(server, bob.user_id, "NEWEST", tmp_path).enrol()
        await a.identity(bob.user_id)
        with pytest.raises(IdentityChanged, match="again"):
            await a.accept_identity(bob.user_id, master_key=shown.master_key)
        with pytest.raises(IdentityChanged):
            await a.send(ROOM, TEXT)
        await a.accept_identity(bob.user_id, master_key=newest.identity().master.public_key)
        await a.send(ROOM, TEXT)
        assert not (await a.identity(bob.user_id)).changed
    assert server.told(bob.user_id, "NEWEST") == ["m.room.encrypted"]


async def test_without_a_connection_the_identity_is_shown_as_it_was_known(tmp_path: Path) -> None:
    """Offline, the last known identity is shown, and of a stranger that none is known."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        known = await a.identity(bob.user_id)
        server.failing = lambda user, path: True
        assert await a.identity(bob.user_id) == known
        assert (await a.identity("@eve:e.test")).master_key is None
