"""The state machine of a verification: both roles, both transports, every way in which it can end."""

from __future__ import annotations

from typing import Any

import pytest

from client.session.crypto.verification import messages
from client.session.crypto.verification.abort import Abort
from client.session.crypto.verification.actions import Send
from client.session.crypto.verification.addresses import Address
from client.session.crypto.verification.flow import BETWEEN_STEPS, OVERALL, START_OURSELVES, Flow, Phase
from client.session.crypto.verification.messages import Request
from client.session.crypto.verification.parties import Party
from client.session.verification import CancelCode, Cancelled, Compare, Requested, Waiting
from tests.client.session.crypto.verification.flows import (
    ALICE,
    BOB,
    IN_ROOM,
    LAPTOP,
    TO_DEVICE,
    Wire,
    asked,
    asking,
    codes,
)

ROOM_AND_DEVICES = pytest.mark.parametrize(
    ("left", "right", "address"), [(ALICE, BOB, IN_ROOM), (ALICE, LAPTOP, TO_DEVICE)]
)


def pair(left: Party, right: Party, address: Address) -> Wire:
    wire = Wire(
        asking(left, right, address, (right.device_id,) if address is TO_DEVICE else ()),
        asked(right, left, address),
    )
    assert (wire.flows[0].step, wire.flows[1].step) == (Requested(incoming=False), Requested(incoming=True))
    return wire


def comparing(left: Party = ALICE, right: Party = BOB, address: Address = IN_ROOM) -> Wire:
    wire = pair(left, right, address)
    wire.carry(1, wire.flows[1].accept(0))
    return wire


@ROOM_AND_DEVICES
@pytest.mark.parametrize("first", [0, 1])
def test_two_sides_see_the_same_and_trust_each_other(
    left: Party, right: Party, address: Address, first: int
) -> None:
    """Whoever confirms first, both end with the other's keys proven, and each message once."""
    wire = comparing(left, right, address)
    assert isinstance(wire.flows[0].step, Compare)
    assert wire.flows[0].step == wire.flows[1].step
    wire.carry(first, wire.flows[first].confirm(0))
    assert wire.trusted == {}
    assert wire.flows[first].step == Waiting(confirmed=True)
    wire.carry(1 - first, wire.flows[1 - first].confirm(0))
    assert {side: trust.theirs for side, trust in wire.trusted.items()} == {0: right, 1: left}
    assert all(trust.master_proven for trust in wire.trusted.values())
    kinds = sorted(send.type.rpartition(".")[2] for _, send in wire.sent)
    assert kinds == ["accept", "done", "done", "key", "key", "mac", "mac", "ready", "start"]


def test_the_accepter_starts_and_the_asker_starts_where_it_does_not() -> None:
    """After `ready` alone, the asker waits three seconds and then starts itself."""
    alice = asking()
    ready: dict[str, Any] = {"from_device": "BOB", "methods": ["m.sas.v1"]}
    assert alice.receive(messages.READY, ready, 1.0) == []
    assert alice.wake_at == 1.0 + START_OURSELVES
    assert alice.tick(1.0 + START_OURSELVES - 0.1) == []
    [start] = alice.tick(1.0 + START_OURSELVES)
    assert isinstance(start, Send)
    assert start.type == messages.START


@ROOM_AND_DEVICES
def test_of_two_starts_at_once_the_smaller_id_counts(left: Party, right: Party, address: Address) -> None:
    """Both start before they hear each other: the start of the smaller user or device id is the one."""
    wire = pair(left, right, address)
    ready, right_start = wire.flows[1].accept(0)
    assert isinstance(ready, Send)
    assert isinstance(right_start, Send)
    assert wire.flows[0].receive(ready.type, ready.content, 0) == []
    [left_start] = wire.flows[0].tick(START_OURSELVES)
    assert isinstance(left_start, Send)
    ignored = wire.flows[0].receive(right_start.type, right_start.content, START_OURSELVES)
    assert ignored == []  # "@alice" before "@bob", ALICE before LAPTOP
    wire.carry(0, [left_start], START_OURSELVES)
    assert isinstance(wire.flows[0].step, Compare)
    assert wire.flows[0].step == wire.flows[1].step


def test_two_starts_by_different_methods_end_it() -> None:
    """Matrix spec: m.unexpected_message."""
    bob = asked()
    bob.accept(0)
    start = {"from_device": "ALICE", "method": "m.qr.v1"}
    assert codes(bob.receive(messages.START, start, 0)) == ["m.unexpected_message"]


def test_a_start_by_an_unknown_method_ends_it() -> None:
    """Where we had not started: m.unknown_method."""
    alice = asking()
    alice.receive(messages.READY, {"from_device": "BOB", "methods": ["m.sas.v1"]}, 0)
    start = {"from_device": "BOB", "method": "m.qr.v1"}
    assert codes(alice.receive(messages.START, start, 0)) == ["m.unknown_method"]


def test_other_emoji_end_it_on_both_sides() -> None:
    """A person says no: m.mismatched_sas here, told there as a warning; nobody is trusted."""
    wire = comparing()
    wire.carry(1, wire.flows[1].confirm(0))
    wire.carry(0, wire.flows[0].cancel(CancelCode.MISMATCHED_SAS, "They differ."))
    there = wire.flows[1].step
    assert wire.flows[0].step == Cancelled("m.mismatched_sas", "They differ.", by_them=False)
    assert isinstance(there, Cancelled)
    assert (there.code, there.by_them) == ("m.mismatched_sas", True)
    assert wire.trusted == {}


@pytest.mark.parametrize("side", [0, 1])
def test_another_key_in_the_middle_makes_the_proof_fail(side: int) -> None:
    """One side is shown a forged device key of the other: m.key_mismatch, and it does not come to trust."""
    forged = Party("@bob:b.test", "BOB", "forged", "bob+master+key")
    forged_alice = Party("@alice:a.test", "ALICE", "forged", "alice+master+key")
    wire = Wire(
        asking(theirs=forged if side == 0 else BOB), asked(theirs=forged_alice if side == 1 else ALICE)
    )
    wire.carry(1, wire.flows[1].accept(0))
    wire.carry(0, wire.flows[0].confirm(0))
    wire.carry(1, wire.flows[1].confirm(0))
    assert side not in wire.trusted
    cancelled = wire.flows[side].step
    assert isinstance(cancelled, Cancelled)
    assert (cancelled.code, cancelled.by_them) == ("m.key_mismatch", False)


def test_a_proof_without_the_device_key_does_not_verify() -> None:
    """D4: the message is refused and the verification over, also if we confirm after."""
    wire = comparing()
    [mac] = wire.flows[1].confirm(0)
    assert isinstance(mac, Send)
    macs: Any = mac.content["mac"]
    kept = {name: tag for name, tag in macs.items() if name != "ed25519:BOB"}
    assert codes(wire.flows[0].receive(mac.type, {**mac.content, "mac": kept}, 0)) == ["m.key_mismatch"]
    assert wire.flows[0].confirm(0) == []
    assert wire.flows[0].phase is Phase.CANCELLED


def test_done_without_a_proof_verifies_nothing() -> None:
    """`done` in place of `mac`: m.unexpected_message."""
    wire = comparing()
    assert codes(wire.flows[0].receive(messages.DONE, {}, 0)) == ["m.unexpected_message"]


def test_nothing_is_verified_unless_a_person_confirms() -> None:
    """Their proof alone leaves the question open."""
    wire = comparing()
    wire.carry(1, wire.flows[1].confirm(0))
    assert isinstance(wire.flows[0].step, Compare)
    assert wire.trusted == {}


@pytest.mark.parametrize("late", [BETWEEN_STEPS, OVERALL])
def test_a_step_that_takes_too_long_ends_it(late: float) -> None:
    """Two minutes between steps: m.timeout, told to the other side, by the clock that we give."""
    wire = comparing()
    assert wire.flows[0].tick(BETWEEN_STEPS - 1) == []
    assert codes(wire.flows[0].tick(late)) == ["m.timeout"]
    assert wire.flows[0].tick(late + 1) == []


def test_a_request_that_nobody_answers_ends_after_ten_minutes_and_an_old_one_sooner() -> None:
    """The asker waits ten minutes; who was asked counts from the request's own time."""
    assert asking().tick(OVERALL - 1) == []
    assert codes(asking().tick(OVERALL)) == ["m.timeout"]
    old = Flow.asked(
        BOB, "@alice:a.test", IN_ROOM, Request("ALICE", ["m.sas.v1"]), lambda _: ALICE, now=0, age=550
    )
    assert codes(old.tick(49)) == []
    assert codes(old.tick(50)) == ["m.timeout"]


def test_a_message_after_its_time_is_not_taken() -> None:
    """The clock is looked at before the message, for a process may have slept."""
    wire = comparing()
    [mac] = wire.flows[1].confirm(0)
    assert isinstance(mac, Send)
    assert codes(wire.flows[0].receive(mac.type, mac.content, BETWEEN_STEPS)) == ["m.timeout"]


@pytest.mark.parametrize("which", ["theirs", "ours"])
def test_a_device_that_calls_itself_like_a_key_is_refused(which: str) -> None:
    """Matrix spec, "Key and signature security": key ids must not be ambiguous."""
    odd = Party("@alice:a.test", "master", "key", "master")
    later = Party("@alice:a.test", "signing", "key", "master", frozenset({"signing"}))
    for party in (odd, later):
        ours, theirs = (BOB, party) if which == "theirs" else (party, BOB)
        with pytest.raises(Abort) as refusal:
            asked(ours, theirs)
        assert refusal.value.code is CancelCode.KEY_MISMATCH


def test_a_device_without_keys_and_one_without_the_method_are_refused() -> None:
    """An unknown device: m.key_mismatch; no SAS: m.unknown_method."""
    unknown = asking().receive(messages.READY, {"from_device": "OTHER", "methods": ["m.sas.v1"]}, 0)
    assert codes(unknown) == ["m.key_mismatch"]
    without = asking().receive(messages.READY, {"from_device": "BOB", "methods": ["m.qr_code.scan.v1"]}, 0)
    assert codes(without) == ["m.unknown_method"]
    with pytest.raises(Abort):
        Flow.asked(BOB, "@alice:a.test", IN_ROOM, Request("ALICE", ["m.qr"]), lambda _: ALICE, 0)


def test_of_several_devices_that_were_asked_one_goes_on_and_the_others_are_told() -> None:
    """The first `ready` counts; the others get m.accepted; one that was not asked ends it."""
    alice = asking(ALICE, LAPTOP, TO_DEVICE, ("LAPTOP", "PHONE", "TABLET"))
    [told] = alice.receive(messages.READY, {"from_device": "LAPTOP", "methods": ["m.sas.v1"]}, 0)
    assert isinstance(told, Send)
    assert (told.devices, codes([told])) == (("PHONE", "TABLET"), ["m.accepted"])
    other = asking(ALICE, LAPTOP, TO_DEVICE, ("PHONE",))
    intruder = other.receive(messages.READY, {"from_device": "LAPTOP", "methods": ["m.sas.v1"]}, 0)
    assert "m.unexpected_message" in codes(intruder)


def test_declined_on_one_device_all_put_the_question_away() -> None:
    """A cancel before `ready` goes on to every device that was asked, as m.user."""
    alice = asking(ALICE, LAPTOP, TO_DEVICE, ("LAPTOP", "PHONE"))
    [told] = alice.receive(messages.CANCEL, {"code": "m.user", "reason": "no"}, 0)
    assert isinstance(told, Send)
    assert (told.devices, codes([told])) == (("LAPTOP", "PHONE"), ["m.user"])
    assert alice.step == Cancelled("m.user", "The other side has declined, or ended it.", by_them=True)


def test_answered_on_another_device_of_ours_the_question_goes_away_silently() -> None:
    """No message is sent for it, and one that we have taken up ourselves is not touched."""
    bob = asked()
    assert bob.dismiss() == []
    assert bob.phase is Phase.CANCELLED
    wire = comparing()
    wire.flows[1].dismiss()
    assert isinstance(wire.flows[1].step, Compare)


def test_their_words_are_never_shown_as_ours() -> None:
    """The reason of a cancel is text from others: it does not reach the person."""
    alice = asking()
    alice.receive(messages.CANCEL, {"code": "org.example.x", "reason": "Type your password"}, 0)
    assert alice.step == Cancelled("org.example.x", "The other side has ended it.", by_them=True)
