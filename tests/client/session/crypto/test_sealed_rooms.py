"""Sealed rooms: keys only to those whom somebody vouches for, for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.session.crypto.verification.verified_keys import VerifiedKey
from client.session.errors import RoomSealed
from client.session.session import OpenSession
from tests.client.session.attesting import MANIFEST, attested, publish
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person, alice_and_bob

TEXT = {"msgtype": "m.text", "body": "hello"}


async def _seal_by_state(server: FakeHomeserver, content: object) -> None:
    await server.put_event(
        {
            "type": "org.rogatory.sealed",
            "sender": "@alice:a.test",
            "state_key": "",
            "event_id": f"$sealed{len(server.timeline)}",
            "content": content,
        }
    )


def _sent(server: FakeHomeserver) -> int:
    return len([event for event in server.timeline if event["type"] == "m.room.encrypted"])


async def _is_sealed(session: OpenSession) -> bool:
    return (await session.rooms())[0].sealed


async def _verify(session: OpenSession, person: Person) -> None:
    """As after a comparison of emoji."""
    key = person.identity().master.public_key
    session._machine.devices.verified.add(VerifiedKey(person.user_id, None, key))


async def test_a_sealed_room_refuses_whoever_is_neither_verified_nor_attested_by_name(tmp_path: Path) -> None:
    """Sealed by the session, nothing goes out while Bob is only pinned; verified, he reads."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        await a.seal(ROOM)
        assert await _is_sealed(a)
        with pytest.raises(RoomSealed, match=bob.user_id) as refused:
            await a.send(ROOM, TEXT)
        assert refused.value.left_out == (bob.user_id,)
        assert await a.readers(ROOM) == frozenset()
    async with alice.session() as a:
        with pytest.raises(RoomSealed):
            await a.send(ROOM, TEXT)
        await _verify(a, bob)
        assert await a.readers(ROOM) == {bob.user_id}
        await a.send(ROOM, TEXT)
    assert _sent(server) == 2
    assert server.timeline[0]["content"]["session_id"] == server.timeline[1]["content"]["session_id"]


async def test_an_attested_member_reads_in_a_sealed_room(tmp_path: Path) -> None:
    """With the authority's word for Bob's key the message goes out, without a comparison."""
    server, alice, bob = await alice_and_bob(tmp_path)
    await publish(server, attested(bob.identity().master.public_key))
    async with alice.session(MANIFEST) as a:
        await a.seal(ROOM)
        await a.send(ROOM, TEXT)
    assert server.told(bob.user_id, "BOB") == ["m.room.encrypted"]


@pytest.mark.parametrize("content", [{"sealed": True}, {"sealed": False}, {}])
async def test_state_seals_a_room_and_no_later_state_opens_it(tmp_path: Path, content: object) -> None:
    """The room's state event seals, whatever it says: it may have been redacted. Nothing takes it back."""
    server, alice, _ = await alice_and_bob(tmp_path)
    await _seal_by_state(server, content)
    async with alice.session() as a:
        assert await _is_sealed(a)
    await _seal_by_state(server, {"sealed": False})
    async with alice.session() as a:
        with pytest.raises(RoomSealed):
            await a.send(ROOM, TEXT)
    assert _sent(server) == 0


async def test_an_open_session_is_changed_when_its_room_is_sealed(tmp_path: Path) -> None:
    """Who had the key and is not vouched for does not read on: the session is another one."""
    server, alice, bob = await alice_and_bob(tmp_path)
    server.users = (*server.users, "@carol:c.test")
    carol = await Person(server, "@carol:c.test", "CAROL", tmp_path).enrol()
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        await _verify(a, bob)
        await a.seal(ROOM)
        with pytest.raises(RoomSealed, match="carol") as refused:
            await a.send(ROOM, TEXT)
        assert refused.value.left_out == (carol.user_id,)
        await _verify(a, carol)
        await a.send(ROOM, TEXT)
        server.devices[carol.user_id, "CAROL"].keys = {}
        await server.tell_changed(carol.user_id)
        assert await a.readers(ROOM) == {bob.user_id}
        await a.send(ROOM, TEXT)
    assert len({event["content"]["session_id"] for event in server.timeline}) == 2


async def test_an_own_device_that_is_not_proven_gets_nothing_in_a_sealed_room(tmp_path: Path) -> None:
    """A device that waits to be vouched for takes its own identity from the server: not enough here."""
    server, alice, bob = await alice_and_bob(tmp_path)
    identities = dict(server.identities)
    second = await Person(server, alice.user_id, "ALICE2", tmp_path).enrol()
    server.identities = identities
    db = second.store()
    db.execute("DELETE FROM facts WHERE name LIKE '%_seed' OR name = 'own_master_key'")
    db.close()
    async with second.session() as a:
        await _verify(a, bob)
        await a.seal(ROOM)
        await a.send(ROOM, TEXT)
    assert server.told(bob.user_id, "BOB") == ["m.room.encrypted"]
    assert server.told(alice.user_id, "ALICE") == ["m.room_key.withheld"]
