from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from client.session.crypto.secret_storage.key_description import KeyDescription
from client.session.crypto.secret_storage.passphrase import (
    ITERATIONS,
    PassphraseParameters,
    key_from_passphrase,
)
from client.session.crypto.secret_storage.sealed_secret import SealedSecret, SecretUnreadable, seal, unseal
from client.session.errors import RecoveryKeyWrong

KEY = bytes(range(32))
NAME = "m.cross_signing.master"
SECRET = b"c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I"


def by_the_specification(key: bytes, name: str, iv: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Compute ciphertext and MAC as the specification says, with another library than ours."""
    derived = HKDF(algorithm=SHA256(), length=64, salt=bytes(32), info=name.encode()).derive(key)
    encryptor = Cipher(algorithms.AES(derived[:32]), modes.CTR(iv)).encryptor()
    ciphertext = encryptor.update(secret) + encryptor.finalize()
    return ciphertext, hmac.new(derived[32:], ciphertext, hashlib.sha256).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_sealed_secret_is_what_the_specification_computes() -> None:
    """Ciphertext and MAC equal those of an independent computation, and bit 63 of the iv is clear."""
    for _ in range(64):
        sealed = seal(KEY, NAME, SECRET)
        iv = base64.b64decode(sealed.iv)
        assert len(iv) == 16
        assert iv[8] < 0x80
        assert (sealed.ciphertext, sealed.mac) == tuple(map(b64, by_the_specification(KEY, NAME, iv, SECRET)))
    assert seal(KEY, NAME, SECRET).iv != seal(KEY, NAME, SECRET).iv


@pytest.mark.parametrize("padded", [True, False])
def test_what_others_sealed_opens_with_padding_or_without(padded: bool) -> None:
    """A secret sealed by the independent computation opens, also with a counter that overflows 64 bits."""
    iv = bytes(7) + b"\x00" + b"\xff" * 8
    ciphertext, mac = by_the_specification(KEY, NAME, iv, SECRET)
    texts = [b64(part) if padded else b64(part).rstrip("=") for part in (iv, ciphertext, mac)]
    assert unseal(KEY, NAME, SealedSecret(*texts)) == SECRET


def test_another_key_name_or_byte_opens_nothing() -> None:
    """A secret is bound to its key, its name and its ciphertext."""
    sealed = seal(KEY, NAME, SECRET)
    altered = bytearray(base64.b64decode(sealed.ciphertext))
    altered[0] ^= 1
    for key, name, one in [
        (bytes(32), NAME, sealed),
        (KEY, "m.cross_signing.self_signing", sealed),
        (KEY, NAME, msgspec.structs.replace(sealed, ciphertext=b64(bytes(altered)))),
        (KEY, NAME, msgspec.structs.replace(sealed, mac="")),
        (KEY, NAME, msgspec.structs.replace(sealed, iv="AAAA")),
        (KEY, NAME, msgspec.structs.replace(sealed, mac="ключ")),
    ]:
        with pytest.raises(SecretUnreadable):
            unseal(key, name, one)


def test_a_description_knows_its_key_again() -> None:
    """The check of a description is the MAC of 32 zero bytes under an empty name."""
    description = KeyDescription.of(KEY, None)
    assert description.iv is not None
    _, mac = by_the_specification(KEY, "", base64.b64decode(description.iv), bytes(32))
    assert description.mac == b64(mac)
    assert description.fits(KEY) is True
    assert description.fits(bytes(32)) is False
    assert KeyDescription(description.algorithm).fits(KEY) is None


async def test_a_passphrase_becomes_a_key_by_pbkdf2() -> None:
    """The key is PBKDF2-HMAC-SHA-512 over the salt's text; new parameters ask for 500,000 rounds or more."""
    parameters = PassphraseParameters("m.pbkdf2", "a salt", 2)
    block = hmac.new(b"a passphrase", b"a salt" + (1).to_bytes(4), hashlib.sha512).digest()
    again = hmac.new(b"a passphrase", block, hashlib.sha512).digest()
    expected = bytes(a ^ b for a, b in zip(block, again, strict=True))[:32]
    assert await key_from_passphrase("a passphrase", parameters) == expected
    assert ITERATIONS >= 500_000
    new = PassphraseParameters.new()
    assert new.iterations == ITERATIONS
    assert new.salt != PassphraseParameters.new().salt


@pytest.mark.parametrize(
    "parameters",
    [
        PassphraseParameters("m.other", "s", 2),
        PassphraseParameters("m.pbkdf2", "s", 0),
        PassphraseParameters("m.pbkdf2", "s", 2**40),
        PassphraseParameters("m.pbkdf2", "s", 2, bits=512),
    ],
)
async def test_a_server_cannot_make_us_hash_for_hours(parameters: PassphraseParameters) -> None:
    """Parameters that are unknown or absurd are refused before anything is computed."""
    with pytest.raises(RecoveryKeyWrong):
        await key_from_passphrase("x", parameters)
