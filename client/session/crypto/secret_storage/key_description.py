"""What the account data say of a storage key: how to know it again, and how a passphrase makes it."""

from __future__ import annotations

import base64
import hmac

import msgspec
from nacl.utils import random as random_bytes

from client.session.crypto.secret_storage.passphrase import PassphraseParameters
from client.session.crypto.secret_storage.sealed_secret import AES_HMAC_SHA2, encrypt, from_base64

_ZEROS = bytes(32)


class KeyDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of `m.secret_storage.key.<id>`. `iv` and `mac` let a key be checked; they may be absent."""

    algorithm: str
    name: str | None = None
    iv: str | None = None
    mac: str | None = None
    passphrase: PassphraseParameters | None = None

    @classmethod
    def of(cls, key: bytes, passphrase: PassphraseParameters | None) -> KeyDescription:
        """Describe a new key of 32 bytes."""
        iv = bytearray(random_bytes(16))
        iv[8] &= 0x7F
        _, mac = encrypt(key, "", bytes(iv), _ZEROS)
        return cls(
            AES_HMAC_SHA2,
            iv=base64.b64encode(bytes(iv)).decode(),
            mac=base64.b64encode(mac).decode(),
            passphrase=passphrase,
        )

    def fits(self, key: bytes) -> bool | None:
        """Return whether `key` is the one described; None where the description does not let one know."""
        if self.iv is None or self.mac is None:
            return None
        try:
            iv, mac = from_base64(self.iv), from_base64(self.mac)
        except ValueError:
            return False
        return len(iv) == 16 and hmac.compare_digest(encrypt(key, "", iv, _ZEROS)[1], mac)
