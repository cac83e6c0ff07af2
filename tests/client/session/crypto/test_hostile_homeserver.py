from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.room_decryption import Undecryptable
from client.session.crypto.withheld_code import WITHHELD
from client.session.errors import IdentityChanged, NobodyCanRead, NotEncrypted
from client.session.events import TimelineEvent, Trust
from client.session.session import OpenSession
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

TEXT = {"msgtype": "m.text", "body": "hello"}


async def _by_id(session: OpenSession, event_id: str) -> TimelineEvent:
    return await next_event(session, lambda event: event.event_id == event_id)


async def test_a_rewritten_sender_is_shown_as_a_mismatch(tmp_path: Path) -> None:
    """Alice's ciphertext under Bob's name is shown as what it is (D15)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    server.timeline[0] |= {"sender": bob.user_id, "event_id": "$forged"}
    async with bob.session() as b:
        event = await _by_id(b, "$forged")
        assert event.trust is Trust.MISMATCHED_SENDER
        assert event.reason is not None
        assert alice.user_id in event.reason


async def test_a_repeated_message_is_not_read_twice(tmp_path: Path) -> None:
    """The same ciphertext under a second event id is refused, also after a restart (replay)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    await server.put_event({**server.timeline[0], "event_id": "$again"})
    async with bob.session() as b:
        again = await _by_id(b, "$again")
        assert (again.trust, again.body) == (Trust.UNDECRYPTABLE, None)
        assert "repeats" in (again.reason or "")
        async with alice.session() as a:  # what comes in one sync and is repeated in the next
            sent = await a.send(ROOM, {"msgtype": "m.text", "body": "second"})
            assert (await _by_id(b, sent.event_id)).body == "second"
        await server.put_event({**server.timeline[-1], "event_id": "$later"})
        assert (await _by_id(b, "$later")).body is None
    await server.put_event({**server.timeline[0], "event_id": "$third"})
    async with bob.session() as b:
        assert (await _by_id(b, "$third")).trust is Trust.UNDECRYPTABLE
        assert (await _by_id(b, server.timeline[0]["event_id"])).body == "hello"


async def test_a_message_moved_to_another_room_is_not_read(tmp_path: Path) -> None:
    """A key is bound to its room by the look-up, and the plaintext by its room_id (D16)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
    async with bob.session() as b:
        event = await next_event(b, lambda event: event.body == "hello")
        moved = server.timeline[0]["content"]
        # As if the key had come under the other room's name: the ciphertext itself says where it belongs.
        decryption, inbound = b._machine.decryption, b._machine.inbound
        known = inbound.find(ROOM, moved["session_id"], alice.user_id)
        assert known is not None
        inbound._cache["!other", moved["session_id"]] = [known]
        raw = msgspec.Raw(msgspec.json.encode(moved))
        with pytest.raises(Undecryptable, match="another room"):
            decryption.decrypt("!other", "$moved", event.sender, raw)


async def test_an_injected_device_gets_no_key(tmp_path: Path) -> None:
    """A device that its owner never vouched for is sent nothing, and what it sends is marked."""
    server, alice, bob = await alice_and_bob(tmp_path)
    spy = Person(server, bob.user_id, "SPY", tmp_path)
    identities = dict(server.identities)
    await spy.enrol()
    server.identities = identities  # the spy's identity is not Bob's
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        assert server.told(bob.user_id, "SPY") == [WITHHELD]
        assert server.told(bob.user_id, "BOB") == ["m.room.encrypted"]
        server.identities = {alice.user_id: identities[alice.user_id]}
        async with spy.session() as s:
            sent = await s.send(ROOM, {"msgtype": "m.text", "body": "I am Bob"})
        server.identities = identities
        event = await _by_id(a, sent.event_id)
        assert (event.body, event.trust) == ("I am Bob", Trust.UNSIGNED_DEVICE)


async def test_a_self_signing_key_without_the_masters_signature_vouches_for_nothing(tmp_path: Path) -> None:
    """The server's own self-signing key under Bob's master key, and a device signed by it: no key is sent."""
    server, alice, bob = await alice_and_bob(tmp_path)
    forger = OwnIdentity.generate(bob.user_id)
    genuine = server.identities[bob.user_id]
    server.identities[bob.user_id] = {
        **genuine,
        "self_signing_key": forger.public_object(forger.self_signing),
    }
    mine = server.devices[bob.user_id, "BOB"]
    mine.keys = forger.self_signing.sign(mine.keys, bob.user_id)
    async with alice.session() as a:
        assert await a.readers(ROOM) == frozenset()
        server.identities[bob.user_id] = genuine
        assert await a.readers(ROOM) == {bob.user_id}


async def test_a_changed_identity_blocks_until_a_person_decides(tmp_path: Path) -> None:
    """Another master key for Bob: nothing is sent, his messages are marked; accepted, they flow again."""
    server, alice, bob = await alice_and_bob(tmp_path)
    other = Person(server, bob.user_id, "NEW", tmp_path)
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        await other.enrol()
        await server.tell_changed(bob.user_id)
        async with other.session() as changed:
            await changed.send(ROOM, {"msgtype": "m.text", "body": "it is me, really"})
        event = await next_event(a, lambda event: event.body == "it is me, really")
        assert event.trust is Trust.IDENTITY_CHANGED
        with pytest.raises(IdentityChanged, match="bob"):
            await a.send(ROOM, TEXT)
        assert await a.readers(ROOM) == frozenset()
        await a.accept_identity(bob.user_id)
        await a.send(ROOM, TEXT)
        assert len(server.devices[bob.user_id, "NEW"].to_device) == 1


async def test_a_room_that_is_not_known_to_be_encrypted_is_sent_nothing(tmp_path: Path) -> None:
    """A server that withholds or takes back the encryption event gets no plaintext (D21)."""
    server, alice, _ = await alice_and_bob(tmp_path)
    server.encryption = None
    async with alice.session() as a:
        with pytest.raises(NotEncrypted):
            await a.send(ROOM, TEXT)
    assert server.timeline == []
    server.encryption = {"algorithm": "m.megolm.v1.aes-sha2"}
    bob = Person(server, "@bob:b.test", "BOB2", tmp_path)
    await bob.enrol()
    async with bob.session() as b:
        for content in ({}, {"algorithm": "none"}):
            await server.put_event(
                {
                    "type": "m.room.encryption",
                    "sender": "@alice:a.test",
                    "event_id": f"$off{content}",
                    "state_key": "",
                    "content": content,
                }
            )
        await server.put_event(
            {"type": "m.room.message", "sender": "@x:y", "event_id": "$clear", "content": TEXT}
        )
        clear = await _by_id(b, "$clear")
        assert (clear.trust, clear.body, clear.content) == (Trust.UNDECRYPTABLE, None, {})
        assert "without encryption" in (clear.reason or "")
        assert (await b.rooms())[0].encrypted


async def test_one_users_broken_keys_cost_nobody_else_anything(tmp_path: Path) -> None:
    """Broken device and identity objects of one user leave the others' keys whole (D7)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    server.users = (*server.users, "@mallory:c.test")

    def break_keys(answer: dict[str, Any]) -> dict[str, Any]:
        if "@mallory:c.test" in answer["device_keys"]:
            answer["device_keys"]["@mallory:c.test"] = {
                "A": None, "B": {"keys": {"ed25519:B": "x", "curve25519:B": 5}}, "C": [], "D": {"user_id": 1}
            }  # fmt: skip
            answer["master_keys"]["@mallory:c.test"] = {"keys": {"ed25519:x": "y"}, "usage": "master"}
            answer["self_signing_keys"]["@mallory:c.test"] = 7
        return answer

    server.rewrite_keys = break_keys
    async with alice.session() as a, bob.session() as b:
        sent = await a.send(ROOM, TEXT)
        assert (await _by_id(b, sent.event_id)).trust is Trust.PINNED


async def test_a_device_whose_keys_are_swapped_is_sent_nothing_under_the_new_ones(tmp_path: Path) -> None:
    """A device that comes back with other keys is refused, one that comes back as it was is not (D11)."""
    server, alice, bob = await alice_and_bob(tmp_path)
    genuine = server.devices[bob.user_id, "BOB"].keys
    async with alice.session() as a:
        await a.send(ROOM, TEXT)
        server.devices[bob.user_id, "BOB"].keys = {}
        await server.tell_changed(bob.user_id)
        assert await a.readers(ROOM) == frozenset()
        with pytest.raises(NobodyCanRead):
            await a.send(ROOM, TEXT)
        impostor = await Person(FakeHomeserver(bob.user_id), bob.user_id, "BOB", tmp_path / "x").enrol()
        swapped = impostor.server.devices[bob.user_id, "BOB"].keys
        # As bad as it can be: even Bob's own self-signing key, stolen, vouches for the new keys.
        server.devices[bob.user_id, "BOB"].keys = bob.identity().self_signing.sign(swapped, bob.user_id)
        assert await a.readers(ROOM) == frozenset()
        server.devices[bob.user_id, "BOB"].keys = genuine
        assert await a.readers(ROOM) == {bob.user_id}
        await a.send(ROOM, TEXT)


async def test_a_claimed_key_without_its_devices_signature_is_not_used(tmp_path: Path) -> None:
    """A one-time key that the server swapped is refused; nothing is encrypted with it."""
    server, alice, bob = await alice_and_bob(tmp_path)
    mine = server.devices[bob.user_id, "BOB"]
    genuine = mine.one_time_keys
    swapped = server.devices[alice.user_id, "ALICE"].one_time_keys
    mine.one_time_keys = dict(swapped)
    async with alice.session() as a, bob.session() as b:
        await a.send(ROOM, TEXT)
        assert server.told(bob.user_id, "BOB") == [WITHHELD]
        mine.one_time_keys = genuine
        sent = await a.send(ROOM, {"msgtype": "m.text", "body": "second"})
        assert (await _by_id(b, sent.event_id)).body == "second"  # tried again with the next message (D14)
