"""What an attestation does in an open session: to trust, to sending, and to what the session says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from client.session.errors import IdentityChanged
from client.session.events import Trust
from client.session.holder import served
from client.session.remote import connected_session
from tests.client.session.attesting import BEGIN, MANIFEST, NOW, attested, publish
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event


def text(body: str) -> dict[str, str]:
    return {"msgtype": "m.text", "body": body}


async def test_messages_after_an_attestation_are_attested(tmp_path: Path) -> None:
    """In one answer the attestation is taken in before the message; what came before stays what it was."""
    server, alice, bob = await alice_and_bob(tmp_path)
    master = bob.identity().master.public_key
    async with bob.session() as b:
        await b.send(ROOM, text("early"))
    async with alice.session(MANIFEST) as a:
        assert (await next_event(a, lambda event: event.body == "early")).trust is Trust.PINNED
        assert await a.attestation(bob.user_id) is None
    async with bob.session() as b:
        await b.send(ROOM, text("late"))
    await publish(server, attested(master))
    async with alice.session(MANIFEST) as a:
        assert (await next_event(a, lambda event: event.body == "late")).trust is Trust.ATTESTED
        assert (await next_event(a, lambda event: event.body == "early")).trust is Trust.PINNED
        found = await a.attestation(bob.user_id)
        assert found is not None
        assert (found.authority, found.master_key) == ("weog", master)
        assert await a.attestations() == [found]
    async with alice.session(MANIFEST) as a:  # from the store, without a word of the server
        assert await a.attestations() == [found]
    async with alice.session() as a:
        assert await a.attestations() == []


async def test_an_attestation_for_another_key_is_not_believed(tmp_path: Path) -> None:
    """Whoever holds another key than the attested one is shown as pinned, with the reason in words."""
    server, alice, bob = await alice_and_bob(tmp_path)
    await publish(server, attested(alice.identity().master.public_key))
    async with bob.session() as b:
        await b.send(ROOM, text("hello"))
    async with alice.session(MANIFEST) as a:
        event = await next_event(a, lambda event: event.body == "hello")
        assert event.trust is Trust.PINNED
        assert "another key" in (event.reason or "")
        assert await a.attestation(bob.user_id) is None


async def test_a_changed_identity_is_accepted_when_its_authority_attests_it(tmp_path: Path) -> None:
    """A new master key blocks sending; the authority's attestation for it lets messages flow, unasked."""
    server, alice, bob = await alice_and_bob(tmp_path)
    other = Person(server, bob.user_id, "NEW", tmp_path)
    await publish(server, attested(bob.identity().master.public_key))
    async with alice.session(MANIFEST) as a:
        await a.send(ROOM, text("before"))
        await other.enrol()
        await server.tell_changed(bob.user_id)
        async with other.session() as changed:
            await changed.send(ROOM, text("it is me, really"))
        event = await next_event(a, lambda event: event.body == "it is me, really")
        assert event.trust is Trust.IDENTITY_CHANGED
        with pytest.raises(IdentityChanged, match="bob"):
            await a.send(ROOM, text("to whom?"))
        new = other.identity().master.public_key
        await publish(server, attested(new, valid_from=BEGIN + timedelta(hours=1)))
        async with other.session() as changed:
            await changed.send(ROOM, text("attested now"))
        assert (await next_event(a, lambda event: event.body == "attested now")).trust is Trust.ATTESTED
        await a.send(ROOM, text("welcome back"))
        assert len(server.devices[bob.user_id, "NEW"].to_device) == 1


async def test_a_change_that_was_attested_before_it_came_is_no_alarm(tmp_path: Path) -> None:
    """When the renewed attestation is there first, the new key is accepted the moment it is seen."""
    server, alice, bob = await alice_and_bob(tmp_path)
    await publish(server, attested(bob.identity().master.public_key))
    async with alice.session(MANIFEST) as a:
        await a.send(ROOM, text("before"))
        other = await Person(server, bob.user_id, "NEW", tmp_path).enrol()
        renewed = attested(other.identity().master.public_key, valid_from=NOW - timedelta(hours=1))
        await publish(server, renewed)
        await server.tell_changed(bob.user_id)
        async with other.session() as changed:
            await changed.send(ROOM, text("new key"))
        assert (await next_event(a, lambda event: event.body == "new key")).trust is Trust.ATTESTED
        await a.send(ROOM, text("after"))


async def test_a_second_process_is_told_the_same(tmp_path: Path) -> None:
    """What is attested crosses the socket whole, to the process that asks; nothing stays nothing."""
    server, alice, bob = await alice_and_bob(tmp_path)
    await publish(server, attested(bob.identity().master.public_key))
    path = tmp_path / "session.sock"
    async with (
        alice.session(MANIFEST) as a,
        served(a, path),
        connected_session(alice.user_id, path) as remote,
    ):
        found = await a.attestation(bob.user_id)
        assert found is not None
        assert await remote.attestation(bob.user_id) == found
        assert await remote.attestations() == [found]
        assert await remote.attestation("@nobody:b.test") is None
