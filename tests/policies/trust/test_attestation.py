"""Attestations: who may say what of whom, and for how long."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.trust.attestation import attestation_state_key, read_attestation, sign_attestation
from policies.trust.errors import (
    AttestationExpired,
    AttestationMalformed,
    AttestationNotYetValid,
    AttestationSignatureInvalid,
)
from policies.trust.signing import SigningKey, sign_object
from tests.policies.trust.networks import AFRICA, ATTESTATION, BEGIN, END, MANIFEST, NOW


def test_attestation_comes_back() -> None:
    """What the African authority signs is read as it was, unknown fields tolerated."""
    content = sign_attestation(ATTESTATION, AFRICA)
    assert read_attestation(content, MANIFEST, now=NOW) == ATTESTATION
    later = sign_object({**msgspec.to_builtins(ATTESTATION), "colour": "blue"}, "africa", AFRICA)
    assert read_attestation(later, MANIFEST, now=NOW) == ATTESTATION


@pytest.mark.parametrize("field", ["user_id", "state", "function", "master_key", "valid_until"])
def test_no_field_can_be_altered(field: str) -> None:
    """A changed field breaks the signature, whoever sent the state event."""
    content = sign_attestation(ATTESTATION, AFRICA)
    with pytest.raises(AttestationSignatureInvalid):
        read_attestation({**content, field: f"{content[field]}x"}, MANIFEST, now=NOW)


def test_only_that_regions_authority() -> None:
    """Another key, another region's name, or a region without authority attests nothing."""
    stranger = SigningKey(AFRICA.key_id, SigningKey.generate("x").seed)
    as_weog = msgspec.structs.replace(ATTESTATION, authority="weog")
    for content in (
        sign_attestation(ATTESTATION, stranger),
        sign_attestation(as_weog, AFRICA),
        msgspec.to_builtins(ATTESTATION),
        {},
        {"authority": ["africa"], "signatures": {"africa": 1}},
    ):
        with pytest.raises(AttestationSignatureInvalid):
            read_attestation(content, MANIFEST, now=NOW)


@pytest.mark.parametrize("server", ["weog.rogatory.test", "court.rogatory.test", "elsewhere.test"])
def test_authority_speaks_for_its_own_server_only(server: str) -> None:
    """The African authority cannot attest an account of another region's server."""
    foreign = msgspec.structs.replace(ATTESTATION, user_id=f"@sen.focal-point.1:{server}")
    with pytest.raises(AttestationMalformed, match="not on the server"):
        read_attestation(sign_attestation(foreign, AFRICA), MANIFEST, now=NOW)


def test_validity() -> None:
    """An attestation holds from its first second to just before its end."""
    short = msgspec.structs.replace(ATTESTATION, valid_from=NOW, valid_until=NOW + timedelta(hours=1))
    content = sign_attestation(short, AFRICA)
    assert read_attestation(content, MANIFEST, now=NOW) == short
    with pytest.raises(AttestationNotYetValid):
        read_attestation(content, MANIFEST, now=NOW - timedelta(seconds=1))
    with pytest.raises(AttestationExpired):
        read_attestation(content, MANIFEST, now=NOW + timedelta(hours=1))


def test_authoritys_key_must_be_valid_too() -> None:
    """When the authority's own time is over, what it said is no longer believed."""
    longer = msgspec.structs.replace(ATTESTATION, valid_until=END + timedelta(days=9))
    with pytest.raises(AttestationSignatureInvalid):
        read_attestation(sign_attestation(longer, AFRICA), MANIFEST, now=END)
    with pytest.raises(AttestationSignatureInvalid):
        read_attestation(sign_attestation(longer, AFRICA), MANIFEST, now=BEGIN - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("master_key", "AAAA", "32 bytes"),
        ("master_key", "", "empty"),
        ("answer_key", "x", "32 bytes"),
        ("v", 2, "version 2"),
        ("themes", "assets", "$.themes"),
        ("user_id", "x", "user id"),
        ("valid_from", "yesterday", "$.valid_from"),
    ],
)
def test_malformed_is_named(field: str, value: object, named: str) -> None:
    """What the authority signed wrongly is refused with its place."""
    content = sign_object({**msgspec.to_builtins(ATTESTATION), field: value}, "africa", AFRICA)
    with pytest.raises(AttestationMalformed) as refused:
        read_attestation(content, MANIFEST, now=NOW)
    assert named in refused.value.why


def test_state_key() -> None:
    """The state key is the user id without its @, so that a steward may write it."""
    assert attestation_state_key("@sen.assets.1:africa.rogatory.test") == "sen.assets.1:africa.rogatory.test"
    assert len(attestation_state_key("@" + "é" * 127 + "a")) == 128


@pytest.mark.parametrize("user_id", ["", "@", "sen:a.test", "@@sen:a.test", "@" + "a" * 256, "@" + "é" * 128])
def test_state_key_refused(user_id: str) -> None:
    """What would begin with @ or be longer than 255 bytes is no state key."""
    with pytest.raises(AttestationMalformed):
        attestation_state_key(user_id)


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())))
def test_any_content_is_refused_in_one_way(content: dict[str, object]) -> None:
    """Whatever a stranger writes into the state event, the answer is one kind of refusal."""
    content["authority"] = "africa"
    with pytest.raises(AttestationSignatureInvalid):
        read_attestation(content, MANIFEST, now=NOW)
