"""Messages that others make up: they cost nobody else anything, and prove nothing that they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from vodozemac import Account

from tests.client.session.crypto.defects.case import Case
from tests.client.session.crypto.defects.peer import Peer, olm_event
from tests.client.session.crypto.defects.receivers import (
    Receiver,
    Scenario,
    by_nio,
    by_ours,
    introduced,
    key_message,
)


def after(kind: int, body: str | None) -> Scenario:
    """Return: the text of a message whose key came in one answer after a hostile message of anybody's.

    Without a body it is a well-formed one, for a one-time key that the receiver never made.
    """

    async def scenario(receiver: Receiver) -> object:
        mallory, peer = Peer("@mallory:m.test", "MALLORY"), introduced(receiver, Peer())
        stranger = Account()
        stranger.generate_one_time_keys(1)
        mallory.begin(receiver.curve25519, next(iter(stranger.one_time_keys.values())).to_base64())
        hostile = (
            mallory.to_device(receiver.curve25519, {})
            if body is None
            else olm_event(mallory.user_id, mallory.curve25519, receiver.curve25519, kind, body)
        )
        await receiver.take(hostile, key_message(receiver, peer))
        return (await receiver.read(peer.message("hello"))).body

    return scenario


async def with_another_signing_key(receiver: Receiver) -> object:
    """Return: whether a key is taken from a payload with another signing key than its known device's."""
    peer = introduced(receiver, Peer())
    await receiver.know(peer)
    await receiver.take(key_message(receiver, peer, keys={"ed25519": Peer().ed25519}))
    return (await receiver.read(peer.message("hello"))).body is not None


def with_the_device_keys_of(other: Peer) -> Scenario:
    """Return: whether a key is taken from a payload that carries another device's keys as its sender's."""

    async def scenario(receiver: Receiver) -> object:
        peer = introduced(receiver, Peer())
        await receiver.take(key_message(receiver, peer, sender_device_keys=other.device_keys()))
        return (await receiver.read(peer.message("hello"))).body is not None

    return scenario


OTHERS = {
    "another user": Peer("@mallory:m.test", "MALLORY"),
    "another device of its sender": Peer(device_id="OTHER"),
}
CASES = [
    Case("D5", f"what follows a malformed message of type {kind} ({body!r})", by_nio(after(kind, body)), None,
         by_ours(after(kind, body)), "hello")
    for kind, body in [(0, "garbage!!"), (1, "garbage"), (0, "AAAA"), (1, "AAAA")]
] + [
    Case("D6", "what follows a message for an unknown one-time key", by_nio(after(0, None)), None,
         by_ours(after(0, None)), "hello"),
    Case("D22", "a key under a signing key that is not the device's", by_nio(with_another_signing_key), True,
         by_ours(with_another_signing_key), False),
    *(Case("D22", f"a key with the device keys of {whose}", by_nio(with_the_device_keys_of(other)), True,
           by_ours(with_the_device_keys_of(other)), False) for whose, other in OTHERS.items()),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_hostile_message_stops_nothing_and_proves_nothing(case: Case, tmp_path: Path) -> None:
    """Stock nio loses the messages beside it, or takes its key; ours reads the rest and takes nothing."""
    await case.check(tmp_path)
