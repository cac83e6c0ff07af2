"""AES-256 in counter mode, a piece at a time, with the SHA-256 that the specification asks for (A256CTR)."""

from __future__ import annotations

import hashlib

from Crypto.Cipher import AES
from nacl.utils import random as random_bytes

from client.session.attachments.encrypted_file import COUNTER_LENGTH, KEY_LENGTH, FileKey


class FileEncryption:
    """Encrypts one file under a key of its own. For another file, or the same once more, make another."""

    def __init__(self) -> None:
        self._key = random_bytes(KEY_LENGTH)
        # The lower half begins at zero: some implementations count in 64 bits, and must not overflow.
        self._counter = random_bytes(COUNTER_LENGTH // 2) + bytes(COUNTER_LENGTH // 2)
        self._cipher = AES.new(self._key, AES.MODE_CTR, nonce=b"", initial_value=self._counter)
        self._sha256 = hashlib.sha256()

    def encrypt(self, piece: bytes) -> bytes:
        """Return the ciphertext of the next piece, as long as the piece."""
        ciphertext = self._cipher.encrypt(piece)
        self._sha256.update(ciphertext)
        return ciphertext

    def file_key(self) -> FileKey:
        """Return what opens all that was encrypted so far."""
        return FileKey(key=self._key, counter=self._counter, sha256=self._sha256.digest())


class FileDecryption:
    """Decrypts one file whose hash was found right, and hashes what comes out."""

    def __init__(self, file: FileKey) -> None:
        self._cipher = AES.new(file.key, AES.MODE_CTR, nonce=b"", initial_value=file.counter)
        self._sha256 = hashlib.sha256()

    def decrypt(self, piece: bytes) -> bytes:
        """Return the next piece in clear."""
        plaintext = self._cipher.decrypt(piece)
        self._sha256.update(plaintext)
        return plaintext

    def sha256(self) -> str:
        """Return the hash of all that was decrypted, in hexadecimal, as `sha256sum` prints it."""
        return self._sha256.hexdigest()
