"""The format of encrypted attachments, written from the specification with another library than ours."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY = bytes(range(32))
COUNTER = bytes(range(8)) + bytes(8)


def counter_mode(key: bytes, counter: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def sealed(plaintext: bytes, *, url: str = "mxc://a.test/media0") -> tuple[bytes, dict[str, Any]]:
    """Return the ciphertext of a file, and the member `file` of its message."""
    ciphertext = counter_mode(KEY, COUNTER, plaintext)
    key = base64.urlsafe_b64encode(KEY).decode().rstrip("=")
    file = {
        "v": "v2",
        "url": url,
        "key": {"kty": "oct", "alg": "A256CTR", "k": key, "key_ops": ["encrypt", "decrypt"], "ext": True},
        "iv": unpadded(COUNTER),
        "hashes": {"sha256": unpadded(hashlib.sha256(ciphertext).digest())},
    }
    return ciphertext, file


def opened(ciphertext: bytes, file: dict[str, Any]) -> bytes:
    """Return the plaintext that a member `file` makes of a ciphertext, as the specification says."""
    assert (file["v"], file["key"]["kty"], file["key"]["alg"]) == ("v2", "oct", "A256CTR")
    assert {"encrypt", "decrypt"} <= set(file["key"]["key_ops"])
    assert file["key"]["ext"] is True
    assert unpadded(hashlib.sha256(ciphertext).digest()) == file["hashes"]["sha256"]
    key = base64.urlsafe_b64decode(file["key"]["k"] + "=")
    counter = base64.b64decode(file["iv"] + "==")
    assert (len(key), len(counter), counter[8:]) == (32, 16, bytes(8))
    return counter_mode(key, counter, ciphertext)
