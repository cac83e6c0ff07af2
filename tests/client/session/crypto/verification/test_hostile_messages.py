"""Anything at all, at any moment: a verification ends cleanly or goes on, and never comes to trust by it."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from client.session.crypto.verification import messages
from client.session.crypto.verification.actions import Send, Trust
from client.session.crypto.verification.flow import Flow, Phase
from tests.client.session.crypto.verification.flows import ALICE, BOB, IN_ROOM, Wire, asked, asking, codes

TYPES = [
    *(messages.REQUEST, messages.READY, messages.START, messages.ACCEPT, messages.KEY),
    *(messages.MAC, messages.DONE, messages.CANCEL, "m.key.verification.", "m.key.verification.later"),
]
NAMES = [
    *("from_device", "methods", "method", "key_agreement_protocols", "hashes", "hash", "commitment"),
    *("message_authentication_codes", "message_authentication_code", "short_authentication_string"),
    *("key_agreement_protocol", "key", "mac", "keys", "code", "reason", "transaction_id", "timestamp"),
]
KNOWN: list[Any] = [
    *("ALICE", "BOB", "m.sas.v1", "curve25519-hkdf-sha256", "sha256", "hkdf-hmac-sha256.v2", "A" * 43),
    *(["m.sas.v1"], ["sha256"], ["emoji", "decimal"], {"ed25519:BOB": "AAAA"}, {}, [], "", "\ud800"),
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(KNOWN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
CONTENTS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), ANYTHING, max_size=9)
MESSAGES = st.lists(st.tuples(st.sampled_from(TYPES), CONTENTS), min_size=1, max_size=6)


def at_phase(phase: int) -> Flow:
    """A flow of Alice's with Bob, that far."""
    wire = Wire(asking(), asked())
    if phase == 0:
        return wire.flows[0]
    if phase == 1:
        return asked(ALICE, BOB, IN_ROOM)
    if phase == 2:
        wire.flows[0].receive(messages.READY, {"from_device": "BOB", "methods": ["m.sas.v1"]}, 0)
        return wire.flows[0]
    if phase == 3:
        flow = asked(ALICE, BOB, IN_ROOM)
        flow.accept(0)
        return flow
    wire.carry(1, wire.flows[1].accept(0))
    if phase == 5:
        wire.flows[0].confirm(0)
    return wire.flows[0]


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 5), MESSAGES)
@example(2, [(messages.START, {"from_device": "\ud800", "method": "m.sas.v1"})])
@example(4, [(messages.MAC, {"mac": {"\ud800": "A"}, "keys": "A"})])
def test_no_message_raises_or_verifies(phase: int, hostile: list[tuple[str, Any]]) -> None:
    """At every phase: no exception, at most one cancel of ours, no trust, and nothing after the end."""
    flow = at_phase(phase)
    cancels = []
    for type, content in hostile:
        ended = flow.ended
        actions = flow.receive(type, content, 0)
        assert not any(isinstance(action, Trust) for action in actions)
        assert not (ended and actions)
        cancels += codes(actions)
    assert len(cancels) <= 1
    assert flow.phase is not Phase.PROVEN


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_changed_member_of_one_message_never_verifies_the_receiver(data: st.DataObject) -> None:
    """A man in the middle changes any member of any message: whoever gets it changed trusts nothing false.

    He may only end it, or change what has no meaning; then both see the same emoji and the true keys.
    """
    which, name = data.draw(st.integers(0, 8)), data.draw(st.sampled_from(NAMES))
    value = data.draw(ANYTHING)
    wire = Wire(asking(), asked())
    count = 0

    def carry(side: int, actions: list[Any]) -> None:
        nonlocal count
        for action in actions:
            if isinstance(action, Trust):
                wire.trusted[side] = action
                continue
            assert isinstance(action, Send)
            content = {**action.content, name: value} if count == which else action.content
            count += 1
            carry(1 - side, wire.flows[1 - side].receive(action.type, content, 0))

    carry(1, wire.flows[1].accept(0))
    same = wire.flows[0].step == wire.flows[1].step
    if same:  # the two people look at their screens
        for side in (0, 1):
            carry(side, wire.flows[side].confirm(0))
    for side, trust in wire.trusted.items():
        assert same
        assert trust.theirs == (BOB, ALICE)[side]
