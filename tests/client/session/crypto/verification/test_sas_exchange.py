"""Our side of SAS against one worked out by hand from the specification, in both roles."""

from __future__ import annotations

from typing import Any

import pytest

from client.session.crypto.verification.abort import Abort
from client.session.crypto.verification.emoji import emoji_of
from client.session.crypto.verification.messages import Accept, Key, Mac, Start
from client.session.crypto.verification.parties import Party
from client.session.crypto.verification.sas_exchange import SasExchange, start_offer
from client.session.verification import CancelCode
from tests.client.session.crypto.verification.by_hand import ByHand, commitment_by_hand
from tests.client.session.crypto.verification.flows import ALICE

TRANSACTION = "$request"
RELATION = {"rel_type": "m.reference", "event_id": TRANSACTION}
START: dict[str, Any] = {
    "from_device": "BOB",
    "method": "m.sas.v1",
    "key_agreement_protocols": ["curve25519-hkdf-sha256", "curve25519"],
    "hashes": ["sha256"],
    "message_authentication_codes": ["hkdf-hmac-sha256.v2", "hkdf-hmac-sha256"],
    "short_authentication_string": ["decimal", "emoji"],
    "org.example.later": {"é": [1, None, True]},
    "m.relates_to": RELATION,
}
ACCEPT = Accept("curve25519-hkdf-sha256", "sha256", "hkdf-hmac-sha256.v2", ["emoji", "decimal"], "")
ALICE_KEYS = {"ed25519:ALICE": ALICE.device_key, f"ed25519:{ALICE.master_key}": "alice+master+key"}


def bob_by_hand() -> tuple[ByHand, Party]:
    bob = ByHand("@bob:b.test", "BOB", "bob+device+key", "bob+master+key")
    return bob, Party(bob.user, bob.device, bob.device_key, bob.master_key)


def bobs_keys(bob: ByHand) -> dict[str, str]:
    return {f"ed25519:{bob.device}": bob.device_key, f"ed25519:{bob.master_key}": bob.master_key}


def start_of(content: dict[str, Any]) -> Start:
    return Start(**{name: value for name, value in content.items() if name in Start.__struct_fields__})


def we_started() -> tuple[SasExchange, ByHand, str]:
    """We have started and bob has our key: return our side, his, and our public key."""
    bob, party = bob_by_hand()
    content: dict[str, Any] = {**start_offer(ALICE), "m.relates_to": RELATION}
    ours = SasExchange(ALICE, party, TRANSACTION, content, we_started=True)
    accept = Accept(
        ACCEPT.key_agreement_protocol,
        ACCEPT.hash,
        ACCEPT.message_authentication_code,
        ACCEPT.short_authentication_string,
        bob.commitment(content),
    )
    key = ours.take_accept(accept)["key"]
    assert isinstance(key, str)
    return ours, bob, key


def test_where_we_start_the_strings_and_proofs_are_those_of_the_specification() -> None:
    """Commitment, emoji, decimals and both proofs agree with a hand-made accepter (D1, D2, D3)."""
    ours, bob, our_key = we_started()
    compare = ours.take_key(Key(bob.public))
    parts = ["@alice:a.test", "ALICE", our_key, "@bob:b.test", "BOB", bob.public, TRANSACTION]
    info = "|".join(["MATRIX_KEY_VERIFICATION_SAS", *parts])
    numbers, decimals = bob.short(our_key, info)
    assert (compare.emoji, compare.decimals) == (emoji_of(numbers), decimals)
    assert bob.checks(ours.our_mac(), our_key, ("@alice:a.test", "ALICE"), TRANSACTION, ALICE_KEYS)
    mac = bob.mac(our_key, ("@alice:a.test", "ALICE"), TRANSACTION, bobs_keys(bob))
    assert ours.check_mac(Mac(**mac)) is True


def test_where_they_start_our_commitment_covers_their_start_as_they_sent_it() -> None:
    """A hand-made starter finds our commitment, strings and proof right; its unknown members count too."""
    bob, party = bob_by_hand()
    ours = SasExchange(ALICE, party, TRANSACTION, START, we_started=False)
    accept = ours.accept(start_of(START))
    assert accept["message_authentication_code"] == "hkdf-hmac-sha256.v2"
    compare = ours.take_key(Key(bob.public))
    our_key = ours.our_key()["key"]
    assert isinstance(our_key, str)
    alice = ByHand("@alice:a.test", "ALICE", "", "")
    assert accept["commitment"] == commitment_by_hand(our_key, START)
    parts = ["@bob:b.test", "BOB", bob.public, "@alice:a.test", "ALICE", our_key, TRANSACTION]
    info = "|".join(["MATRIX_KEY_VERIFICATION_SAS", *parts])
    numbers, decimals = bob.short(our_key, info)
    assert (compare.emoji, compare.decimals) == (emoji_of(numbers), decimals)
    assert bob.checks(ours.our_mac(), our_key, (alice.user, alice.device), TRANSACTION, ALICE_KEYS)


def test_a_key_that_was_not_promised_is_refused() -> None:
    """A key exchanged after the commitment ends it: m.mismatched_commitment."""
    ours, _, _ = we_started()
    with pytest.raises(Abort) as refusal:
        ours.take_key(Key(ByHand("", "", "", "").public))
    assert refusal.value.code is CancelCode.MISMATCHED_COMMITMENT


@pytest.mark.parametrize("key", ["", "short", "A" * 43, "!" * 43, "A" * 200])
def test_what_is_no_key_is_refused(key: str) -> None:
    """Neither rubbish nor the all-zero point becomes a shared secret."""
    _, party = bob_by_hand()
    ours = SasExchange(ALICE, party, TRANSACTION, START, we_started=False)
    ours.accept(start_of(START))
    with pytest.raises(Abort) as refusal:
        ours.take_key(Key(key))
    assert refusal.value.code is CancelCode.INVALID_MESSAGE


def test_our_own_key_sent_back_is_refused() -> None:
    """A reflected key would make a verification with ourselves."""
    _, party = bob_by_hand()
    ours = SasExchange(ALICE, party, TRANSACTION, START, we_started=False)
    ours.accept(start_of(START))
    with pytest.raises(Abort) as refusal:
        ours.take_key(Key(str(ours.our_key()["key"])))
    assert refusal.value.code is CancelCode.KEY_MISMATCH


DEVICE, MASTER = "ed25519:BOB", "ed25519:bob+master+key"


@pytest.mark.parametrize(
    "proven",
    [
        {},
        {MASTER: "bob+master+key"},
        {"ed25519:OTHER": "other"},
        {DEVICE: "bob+device+key"},
        {DEVICE: "forged", MASTER: "bob+master+key"},
        {DEVICE: "bob+device+key", MASTER: "forged"},
        {DEVICE: "bob+device+key", "ed25519:another+master": "another+master"},
    ],
)
def test_only_a_proof_of_the_very_keys_verifies(proven: dict[str, str]) -> None:
    """Without the device key (D4), without the master key, or of other keys: m.key_mismatch."""
    ours, bob, our_key = we_started()
    ours.take_key(Key(bob.public))
    mac = bob.mac(our_key, ("@alice:a.test", "ALICE"), TRANSACTION, proven)
    with pytest.raises(Abort) as refusal:
        ours.check_mac(Mac(**mac))
    assert refusal.value.code is CancelCode.KEY_MISMATCH


def test_a_key_removed_or_added_on_the_way_is_noticed() -> None:
    """The list of key ids is proven too."""
    ours, bob, our_key = we_started()
    ours.take_key(Key(bob.public))
    whole = bob.mac(our_key, ("@alice:a.test", "ALICE"), TRANSACTION, bobs_keys(bob) | {"ed25519:X": "x"})
    del whole["mac"]["ed25519:X"]
    with pytest.raises(Abort):
        ours.check_mac(Mac(**whole))


def test_a_key_that_we_do_not_know_costs_nothing() -> None:
    """Further keys of theirs may be proven beside: they are ignored."""
    ours, bob, our_key = we_started()
    ours.take_key(Key(bob.public))
    mac = bob.mac(our_key, ("@alice:a.test", "ALICE"), TRANSACTION, bobs_keys(bob) | {"ed25519:X": "x"})
    assert ours.check_mac(Mac(**mac)) is True


def test_between_own_devices_the_device_key_is_enough() -> None:
    """A new login cannot vouch for the identity yet; that it has not is told."""
    laptop = ByHand("@alice:a.test", "LAPTOP", "laptop+key", "alice+master+key")
    party = Party("@alice:a.test", "LAPTOP", "laptop+key", "alice+master+key")
    ours = SasExchange(ALICE, party, TRANSACTION, START, we_started=False)
    ours.accept(start_of(START))
    ours.take_key(Key(laptop.public))
    our_key = str(ours.our_key()["key"])
    mac = laptop.mac(our_key, ("@alice:a.test", "ALICE"), TRANSACTION, {"ed25519:LAPTOP": "laptop+key"})
    assert ours.check_mac(Mac(**mac)) is False


@pytest.mark.parametrize(
    "change",
    [
        {"key_agreement_protocols": ["curve25519"]},
        {"hashes": ["sha1"]},
        {"message_authentication_codes": ["hkdf-hmac-sha256"]},
        {"short_authentication_string": ["org.example.poem"]},
        {"hashes": []},
    ],
)
def test_a_start_without_a_method_in_common_is_refused(change: dict[str, Any]) -> None:
    """No common method: m.unknown_method; the deprecated ones are not fallen back to."""
    _, party = bob_by_hand()
    content = {**START, **change}
    ours = SasExchange(ALICE, party, TRANSACTION, content, we_started=False)
    with pytest.raises(Abort) as refusal:
        ours.accept(start_of(content))
    assert refusal.value.code is CancelCode.UNKNOWN_METHOD


def test_a_start_without_canonical_form_is_refused() -> None:
    """A float in their start: m.invalid_message, for no two programs write it alike."""
    _, party = bob_by_hand()
    ours = SasExchange(ALICE, party, TRANSACTION, {**START, "x": 0.1}, we_started=False)
    with pytest.raises(Abort) as refusal:
        ours.accept(start_of(START))
    assert refusal.value.code is CancelCode.INVALID_MESSAGE


def test_the_table_has_64_different_emoji_with_names() -> None:
    """Every number has an emoji of its own, and a name in both languages."""
    table = emoji_of(range(64))
    assert len({one.symbol for one in table}) == len({one.name for one in table}) == 64
    assert all(one.name and one.french for one in table)
    assert [one.name for one in (table[0], table[31], table[63])] == ["Dog", "Robot", "Pin"]
