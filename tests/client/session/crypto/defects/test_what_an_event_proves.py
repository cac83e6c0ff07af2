"""Reading: whose an event is, where it belongs, and which key reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from vodozemac import GroupSession, InboundGroupSession

from client.session.crypto.verification.verified_keys import VerifiedKey
from tests.client.session.crypto.defects import stock_nio
from tests.client.session.crypto.defects.case import Case
from tests.client.session.crypto.defects.peer import Peer
from tests.client.session.crypto.defects.receivers import (
    Receiver,
    by_nio,
    by_ours,
    introduced,
    key_message,
    our_receiver,
)
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import Person


async def under_another_name(receiver: Receiver) -> object:
    """Return: whether Mallory's message under the peer's name is shown just as an honest one of hers."""
    mallory = introduced(receiver, Peer("@mallory:m.test", "MALLORY"))
    await receiver.take(key_message(receiver, mallory))
    honest = await receiver.read(mallory.message("I confess"))
    forged = await receiver.read(mallory.message("I confess", sender="@peer:p.test"))
    return honest == forged


async def from_another_room(receiver: Receiver) -> object:
    """Return: the text of a message that was written for another room and put into this one."""
    peer = introduced(receiver, Peer())
    await receiver.take(key_message(receiver, peer))
    return (await receiver.read(peer.message("hello", room_id="!other"))).body


async def key_from_a_later_point(receiver: Receiver) -> object:
    """Return: the text of the first message after its key came a second time, from a later message on."""
    peer = introduced(receiver, Peer())
    await receiver.take(key_message(receiver, peer))
    event = peer.message("first")
    for _ in range(5):
        peer.message("later")
    await receiver.take(key_message(receiver, peer))
    return (await receiver.read(event)).body


async def key_passed_on_by_another(receiver: Receiver) -> object:
    """Return: the text after a member sent the key, from later on, as her own, and the receiver restarted."""
    peer, mallory = introduced(receiver, Peer()), introduced(receiver, Peer("@mallory:m.test", "MALLORY"))
    await receiver.take(key_message(receiver, peer))
    event = peer.message("first")
    for _ in range(5):
        peer.message("later")
    await receiver.take(key_message(receiver, mallory, peer.room_key()))
    await receiver.restart()
    return (await receiver.read(event)).body


async def without_the_deprecated_hints(receiver: Receiver) -> object:
    """Return: the text of an event without `sender_key` and `device_id`, as the specification wants them."""
    peer = introduced(receiver, Peer())
    await receiver.take(key_message(receiver, peer))
    event = peer.message("hello")
    del event["content"]["sender_key"], event["content"]["device_id"]
    return (await receiver.read(event)).body


def _restored(group: GroupSession) -> str:
    exported = InboundGroupSession(group.session_key).export_at(0)
    assert exported is not None
    return exported.to_base64()


async def from_an_import_by_nio(folder: Path) -> object:
    """A key file or backup that anybody could have written holds a session under a verified device's name."""
    peer = Peer()
    with stock_nio.machine(folder) as olm:
        olm.verify_device(stock_nio.know(olm, peer))
        session = olm._import_group_session(_restored(peer.group), peer.ed25519, peer.curve25519, ROOM, [])
        olm.inbound_group_store.add(session)
        event = stock_nio.nio.Event.parse_event(peer.message("forged"))
        event.room_id = ROOM
        return olm.decrypt_megolm_event(event).verified


async def from_an_import_by_ours(folder: Path) -> object:
    """The same, of a person whose identity was verified here and whose device is vouched for."""
    async with our_receiver(folder) as receiver:
        server = receiver.server
        alice = await Person(server, "@peer:p.test", "ALICE", folder).enrol()
        machine, peer = receiver.machine(), Peer("@peer:p.test", "ALICE")
        await machine.devices.refresh([alice.user_id])
        device = next(iter(machine.devices.devices(alice.user_id)))
        key = VerifiedKey(alice.user_id, None, alice.identity().master.public_key)
        machine.devices.verified.add(key)
        machine.inbound.add_backed_up(
            room_id=ROOM,
            session_id=peer.group.session_id,
            exported_key=_restored(peer.group),
            sender_key=device.curve25519,
            signing_key=device.ed25519,
            version="1",
        )
        return (await receiver.read(peer.message("forged"))).belief in ("verified", "pinned", "attested")


CASES = [
    Case("D15", "a message under another name looks as an honest one", by_nio(under_another_name), True,
         by_ours(under_another_name), False),
    Case("D16", "the text of a message that was moved to another room", by_nio(from_another_room), "hello",
         by_ours(from_another_room), None),
    Case("D17", "a message by a restored key is believed", from_an_import_by_nio, True,
         from_an_import_by_ours, False),
    Case("D18", "the first message once its key came from later on", by_nio(key_from_a_later_point), None,
         by_ours(key_from_a_later_point), "first"),
    Case("D18", "the first message once another sent its key", by_nio(key_passed_on_by_another), None,
         by_ours(key_passed_on_by_another), "first"),
    Case("D19", "an event without deprecated members", by_nio(without_the_deprecated_hints), None,
         by_ours(without_the_deprecated_hints), "hello"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_an_event_is_read_by_its_best_key_and_believed_for_no_more_than_that(
    case: Case, tmp_path: Path
) -> None:
    """Stock nio loses keys, and believes names, rooms and imports; ours keeps and checks them."""
    await case.check(tmp_path)
