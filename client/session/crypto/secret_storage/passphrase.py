"""A storage key from a passphrase: `m.pbkdf2` (Matrix spec, "Deriving keys from passphrases")."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import msgspec
from nacl.utils import random as random_bytes

from client.session.errors import RecoveryKeyWrong

PBKDF2 = "m.pbkdf2"
ITERATIONS = 600_000
"""How often a new passphrase is hashed; a third of a second on an ordinary machine."""
_MOST_ITERATIONS = 20_000_000


class PassphraseParameters(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a passphrase becomes a key, as the key's description says. `salt` is used as its UTF-8 bytes."""

    algorithm: str
    salt: str
    iterations: int
    bits: int = 256

    @classmethod
    def new(cls) -> PassphraseParameters:
        """Return parameters for a new passphrase, with a random salt."""
        return cls(PBKDF2, base64.b64encode(random_bytes(24)).decode(), ITERATIONS)


async def key_from_passphrase(passphrase: str, parameters: PassphraseParameters) -> bytes:
    """Return the key of 32 bytes. It takes a while, in a thread of its own.

    Raises RecoveryKeyWrong when the parameters are none that can be used: they come from the server, which
    must not be able to make this machine hash for hours.
    """
    if parameters.algorithm != PBKDF2 or parameters.bits != 8 * 32:
        raise _unusable(f"It was made in a way that is not known here ({parameters.algorithm!r}).")
    if not 1 <= parameters.iterations <= _MOST_ITERATIONS:
        raise _unusable(f"It would have to be hashed {parameters.iterations} times.")
    salt = parameters.salt.encode("utf-8", "replace")
    words = passphrase.encode("utf-8", "replace")
    return await asyncio.to_thread(
        hashlib.pbkdf2_hmac, "sha512", words, salt, parameters.iterations, dklen=parameters.bits // 8
    )


def _unusable(why: str) -> RecoveryKeyWrong:
    return RecoveryKeyWrong(
        "The passphrase cannot be used for this account.", why=why, remedy="Use the recovery key instead."
    )
