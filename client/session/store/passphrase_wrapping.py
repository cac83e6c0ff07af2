"""A store's key, wrapped by a passphrase: Argon2id makes a key of the passphrase, secretbox seals with that.

The store's own key stays as it is, so that a new passphrase needs no new encryption of the store.
"""

from __future__ import annotations

import hashlib
import unicodedata

import msgspec
from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random as random_bytes

from client.session.errors import PassphraseTooShort, PassphraseWrong, StoreKeyDamaged
from client.session.secret import Secret

SHORTEST_PASSPHRASE = 12
"""Characters. Whoever has the file may guess for years, but each guess takes half a second and 256 MiB."""

_FEWEST_KINDS = 5


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True, tag_field="held_by", tag="passphrase"):
    """A wrapped key as it stands in its file; `operations` and `memory` (in bytes) are those of Argon2id.

    `checksum` is over all the rest: with it a damaged file is told from a wrong passphrase. It keeps nobody
    from changing the file on purpose, and need not: what secretbox opens was sealed by the passphrase.
    """

    operations: int
    memory: int
    salt: bytes
    sealed: bytes
    checksum: bytes

    def unwrap(self, passphrase: Secret[str]) -> Secret[bytes]:
        """Return the store's key; takes about half a second. Raises PassphraseWrong, StoreKeyDamaged."""
        self._check()
        box = _box(passphrase, self.salt, self.operations, self.memory)
        try:
            return Secret(box.decrypt(self.sealed))
        except CryptoError:
            raise PassphraseWrong(
                "The passphrase does not open the store.",
                why="It is not the one that was chosen last for this account on this machine.",
                remedy="Try again. If it is lost: `rogatory logout --here-only --lose-history`, log in, and "
                "recover the history with the recovery key.",
            ) from None

    def _check(self) -> None:
        least, most = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.OPSLIMIT_SENSITIVE
        in_bounds = (
            least <= self.operations <= most
            and pwhash.argon2id.MEMLIMIT_MODERATE <= self.memory <= pwhash.argon2id.MEMLIMIT_SENSITIVE
            and len(self.salt) == pwhash.argon2id.SALTBYTES
        )
        if not in_bounds or self.checksum != _checksum(self.operations, self.memory, self.salt, self.sealed):
            raise StoreKeyDamaged(
                "The wrapped key of the store is damaged.",
                why="The file is not as it was written: its checksum differs.",
                remedy="Restore it from a backup of the account's folder; no passphrase opens it as it is.",
            )


def wrap(key: Secret[bytes], passphrase: Secret[str]) -> WrappedKey:
    """Wrap a store's key with a passphrase that `checked_passphrase` has passed."""
    operations, memory = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE
    salt = random_bytes(pwhash.argon2id.SALTBYTES)
    sealed = bytes(_box(passphrase, salt, operations, memory).encrypt(key.reveal()))
    checksum = _checksum(operations, memory, salt, sealed)
    return WrappedKey(operations=operations, memory=memory, salt=salt, sealed=sealed, checksum=checksum)


def checked_passphrase(passphrase: Secret[str]) -> Secret[str]:
    """Return a new passphrase if it is long enough. Raises PassphraseTooShort."""
    length, kinds = len(passphrase.reveal()), len(set(passphrase.reveal()))
    if length < SHORTEST_PASSPHRASE or kinds < _FEWEST_KINDS:
        raise PassphraseTooShort(
            "The passphrase is too easy to guess.",
            why=f"It has {length} characters of {kinds} kinds, and must have {SHORTEST_PASSPHRASE} or more, "
            f"of {_FEWEST_KINDS} kinds or more.",
            remedy="Take four or five words that have nothing to do with one another.",
        )
    return passphrase


def _box(passphrase: Secret[str], salt: bytes, operations: int, memory: int) -> SecretBox:
    # NFC: the same text must open the store from a keyboard that composes its accents otherwise.
    return SecretBox(
        pwhash.argon2id.kdf(
            SecretBox.KEY_SIZE,
            unicodedata.normalize("NFC", passphrase.reveal()).encode(),
            salt,
            opslimit=operations,
            memlimit=memory,
        )
    )


def _checksum(operations: int, memory: int, salt: bytes, sealed: bytes) -> bytes:
    return hashlib.sha256(b"%d %d " % (operations, memory) + salt + sealed).digest()[:16]
