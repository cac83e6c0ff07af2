"""Signatures against the test vectors of the Matrix specification, and against alteration."""

from __future__ import annotations

import base64
from copy import deepcopy

import pytest
import signedjson.key
import signedjson.sign
from hypothesis import given
from hypothesis import strategies as st

from policies.trust.errors import Base64Invalid, KeyInvalid, SignatureInvalid
from policies.trust.signing import SigningKey, decode_base64, sign_object, unpadded_base64, verify_object

SEED = "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"
PUBLIC_KEY = "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI"
KEY = SigningKey(
    "ed25519:1", base64.b64decode(SEED + "=")
)  # the specification's text has stray bits at its end

VECTORS = [
    ({}, "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"),
    (
        {"one": 1, "two": "Two"},
        "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
    ),
]


@pytest.mark.parametrize(("value", "signature"), VECTORS)
def test_specification(value: dict[str, object], signature: str) -> None:
    """The specification's seed, signer `domain` and key id give the signatures printed there."""
    signed = sign_object(value, "domain", KEY)
    assert signed == {**value, "signatures": {"domain": {"ed25519:1": signature}}}
    verify_object(signed, "domain", "ed25519:1", PUBLIC_KEY)
    assert KEY.public_key == PUBLIC_KEY


def test_matrix_library_accepts_ours_and_we_accept_its() -> None:
    """A signature of ours holds for Synapse's own library, and the other way round."""
    theirs = signedjson.key.decode_signing_key_base64("ed25519", "1", SEED)
    ours = sign_object({"name": "é", "unsigned": {"age": 4}}, "domain", KEY)
    signedjson.sign.verify_signed_json(ours, "domain", signedjson.key.get_verify_key(theirs))
    signed = signedjson.sign.sign_json({"name": "é", "unsigned": {"age": 4}}, "domain", theirs)
    verify_object(signed, "domain", "ed25519:1", PUBLIC_KEY)


def test_signing_keeps_other_signatures_and_the_original() -> None:
    """A second signer adds to the first, and the object that was given is not touched."""
    other = SigningKey.generate("2026a")
    once = sign_object({"a": 1}, "one", KEY)
    before = deepcopy(once)
    twice = sign_object(sign_object(once, "one", other), "two", other)
    assert once == before
    verify_object(twice, "one", "ed25519:1", KEY.public_key)
    verify_object(twice, "one", "ed25519:2026a", other.public_key)
    verify_object(twice, "two", "ed25519:2026a", other.public_key)


def test_unsigned_is_not_covered_and_everything_else_is() -> None:
    """`unsigned` may change on the way; a field that is added may not."""
    signed = sign_object({"a": 1}, "one", KEY)
    verify_object({**signed, "unsigned": {"age": 7}}, "one", KEY.key_id, KEY.public_key)
    with pytest.raises(SignatureInvalid, match="altered"):
        verify_object({**signed, "b": 2}, "one", KEY.key_id, KEY.public_key)


@given(st.integers(0, 63), st.integers(0, 7))
def test_any_bit_of_the_signature_counts(byte: int, bit: int) -> None:
    """No bit of a signature can be turned without its being refused."""
    signed = sign_object({"a": 1}, "one", KEY)
    signature = bytearray(KEY.sign(b'{"a":1}'))
    signature[byte] ^= 1 << bit
    signed["signatures"] = {"one": {KEY.key_id: unpadded_base64(bytes(signature))}}
    with pytest.raises(SignatureInvalid):
        verify_object(signed, "one", KEY.key_id, KEY.public_key)


@pytest.mark.parametrize(
    "signatures",
    [
        None,
        [],
        {"one": "text"},
        {"one": {"ed25519:1": 4}},
        {"one": {"ed25519:1": ""}},
        {"one": {"ed25519:1": "not base64!"}},
        {"one": {"ed25519:1": "AAAA"}},
        {"two": {"ed25519:1": VECTORS[0][1]}},
        {"one": {"ed25519:2": VECTORS[0][1]}},
    ],
)
def test_what_is_no_signature_is_refused(signatures: object) -> None:
    """Whatever stands in place of a signature is refused with one kind of error."""
    with pytest.raises(SignatureInvalid):
        verify_object({"signatures": signatures}, "one", "ed25519:1", PUBLIC_KEY)


@pytest.mark.parametrize(
    "public_key",
    ["", "AAAA", "A" * 43, PUBLIC_KEY + "=", SigningKey.generate("1").public_key],
    ids=["empty", "short", "zeros", "padded", "somebody else's"],
)
def test_another_key_is_refused(public_key: str) -> None:
    """A wrong, broken or weak public key verifies nothing."""
    with pytest.raises(SignatureInvalid):
        verify_object(sign_object({}, "domain", KEY), "domain", "ed25519:1", public_key)


def test_an_object_that_nobody_can_have_signed_is_refused() -> None:
    """A float in a received object is a refused signature, not a crash."""
    signed = sign_object({"a": 1}, "one", KEY)
    with pytest.raises(SignatureInvalid, match=r"\$\.a"):
        verify_object({**signed, "a": 1.5}, "one", KEY.key_id, KEY.public_key)


def test_key_file_comes_back_and_the_secret_is_never_shown() -> None:
    """A key survives its file, as Synapse writes one, and neither repr nor an error shows the seed."""
    key = SigningKey.generate("2026a")
    assert SigningKey.from_text(key.to_text()) == key
    [theirs] = signedjson.key.read_signing_keys([key.to_text()])
    assert unpadded_base64(theirs.verify_key.encode()) == key.public_key
    assert unpadded_base64(key.seed) not in repr(key)
    assert repr(key.seed) not in repr(key)
    with pytest.raises(KeyInvalid) as refused:
        SigningKey.from_text(key.to_text()[:-3])
    assert unpadded_base64(key.seed)[:20] not in str(refused.value)


@pytest.mark.parametrize("text", ["", "ed25519 a", "rsa a AAAA", f"ed25519 a/b {SEED}", "ed25519 a AAAA"])
def test_what_is_no_key_file_is_refused(text: str) -> None:
    """A file that holds no whole key is refused as such."""
    with pytest.raises(KeyInvalid):
        SigningKey.from_text(text)


@given(st.binary())
def test_base64_has_one_spelling(data: bytes) -> None:
    """Base64 comes back whole; padding, where it would be due, is refused."""
    text = unpadded_base64(data)
    assert decode_base64(text) == data
    assert text == base64.b64encode(data).decode().rstrip("=")
    if len(data) % 3:
        with pytest.raises(Base64Invalid):
            decode_base64(text + "=")


@pytest.mark.parametrize("text", ["Zg==", "Zm8=", "Z", "Zh", "Zm9\n", " Zg", "-_8", "Zg\u00e9"])
def test_other_spellings_of_base64_are_refused(text: str) -> None:
    """Padding, white space, the URL alphabet and stray bits are refused."""
    with pytest.raises(Base64Invalid):
        decode_base64(text)
