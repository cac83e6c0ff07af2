"""Sealing one secret: `m.secret_storage.v1.aes-hmac-sha2` (Matrix spec, "Secrets", "Storage")."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec
from Crypto.Cipher import AES
from nacl.utils import random as random_bytes

AES_HMAC_SHA2 = "m.secret_storage.v1.aes-hmac-sha2"


class SealedSecret(msgspec.Struct, frozen=True):
    """A sealed secret as it stands in the account data; all three in Base64."""

    iv: str
    ciphertext: str
    mac: str


class SecretUnreadable(Exception):
    """A sealed secret was not made with this key for this name, or was altered."""


def seal(key: bytes, name: str, secret: bytes) -> SealedSecret:
    """Seal `secret` with a storage key of 32 bytes; `name` is the account data type that will hold it."""
    iv = bytearray(random_bytes(16))
    iv[8] &= 0x7F  # bit 63 stays clear: some implementations count in 64 bits
    ciphertext, mac = encrypt(key, name, bytes(iv), secret)
    return SealedSecret(_base64(bytes(iv)), _base64(ciphertext), _base64(mac))


def unseal(key: bytes, name: str, sealed: SealedSecret) -> bytes:
    """Return the secret. Raises SecretUnreadable unless key, name and every byte are the right ones."""
    try:
        iv, ciphertext, mac = (from_base64(part) for part in (sealed.iv, sealed.ciphertext, sealed.mac))
    except ValueError:
        raise SecretUnreadable("it is not Base64") from None
    aes_key, mac_key = _keys(key, name)
    if len(iv) != AES.block_size or not hmac.compare_digest(_mac(mac_key, ciphertext), mac):
        raise SecretUnreadable("it was sealed with another key, or altered")
    return _counter_mode(aes_key, iv, ciphertext)


def encrypt(key: bytes, name: str, iv: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Return ciphertext and MAC of `secret` for a given iv of 16 bytes: the step that key checks share."""
    aes_key, mac_key = _keys(key, name)
    ciphertext = _counter_mode(aes_key, iv, secret)
    return ciphertext, _mac(mac_key, ciphertext)


def from_base64(text: str) -> bytes:
    """Return the bytes of standard Base64, padded or not: clients write both. Raises ValueError."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _keys(key: bytes, name: str) -> tuple[bytes, bytes]:
    """Derive the AES and the MAC key: HKDF-SHA-256 (RFC 5869) with a salt of 32 zero bytes, two blocks."""
    extracted = hmac.digest(bytes(32), key, hashlib.sha256)
    first = hmac.digest(extracted, name.encode() + b"\x01", hashlib.sha256)
    second = hmac.digest(extracted, first + name.encode() + b"\x02", hashlib.sha256)
    return first, second


def _mac(mac_key: bytes, ciphertext: bytes) -> bytes:
    return hmac.digest(mac_key, ciphertext, hashlib.sha256)


def _counter_mode(aes_key: bytes, iv: bytes, data: bytes) -> bytes:
    return AES.new(aes_key, AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt(data)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
