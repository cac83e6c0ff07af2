"""The other side of a SAS verification, worked out by hand from the Matrix specification.

Nothing of ours is used: X25519 by libsodium, HKDF (RFC 5869) and HMAC by the standard library, canonical
JSON by `json.dumps`, and the bits of the short strings as the specification draws them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from nacl.utils import random as random_bytes

Object = dict[str, Any]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def hkdf(secret: bytes, info: str, length: int) -> bytes:
    key = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.new(key, block + info.encode() + bytes([counter]), hashlib.sha256).digest()
        out, counter = out + block, counter + 1
    return out[:length]


def commitment_by_hand(public_key: str, start: Object) -> str:
    text = json.dumps(start, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return b64(hashlib.sha256((public_key + text).encode()).digest())


@dataclass
class ByHand:
    """One side: its names, its ephemeral key, and what it has learnt of the other."""

    user: str
    device: str
    device_key: str
    master_key: str
    private: bytes = field(default_factory=lambda: random_bytes(32))

    @property
    def public(self) -> str:
        return b64(crypto_scalarmult_base(self.private))

    def shared(self, their_public: str) -> bytes:
        return crypto_scalarmult(self.private, unb64(their_public))

    def commitment(self, start: Object) -> str:
        return commitment_by_hand(self.public, start)

    def short(self, their_public: str, info: str) -> tuple[list[int], tuple[int, int, int]]:
        """Return the numbers of the seven emoji, and the three decimals."""
        data = hkdf(self.shared(their_public), info, 6)
        bits = int.from_bytes(data, "big")
        emoji = [(bits >> (48 - 6 * (place + 1))) & 0x3F for place in range(7)]
        b0, b1, b2, b3, b4 = data[:5]
        return emoji, (
            (b0 << 5 | b1 >> 3) + 1000,
            ((b1 & 7) << 10 | b2 << 2 | b3 >> 6) + 1000,
            ((b3 & 0x3F) << 7 | b4 >> 1) + 1000,
        )

    def mac(
        self, their_public: str, other: tuple[str, str], transaction: str, keys: dict[str, str]
    ) -> Object:
        """Return the content of an m.key.verification.mac that proves `keys`, by their ids."""
        base = f"MATRIX_KEY_VERIFICATION_MAC{self.user}{self.device}{other[0]}{other[1]}{transaction}"
        secret = self.shared(their_public)

        def tag(text: str, what: str) -> str:
            return b64(hmac.new(hkdf(secret, base + what, 32), text.encode(), hashlib.sha256).digest())

        return {
            "mac": {name: tag(key, name) for name, key in keys.items()},
            "keys": tag(",".join(sorted(keys)), "KEY_IDS"),
        }

    def checks(
        self, mac: Object, their_public: str, other: tuple[str, str], transaction: str, keys: dict[str, str]
    ) -> bool:
        """Return whether the other side's proof is of exactly `keys`."""
        them = ByHand(other[0], other[1], "", "", self.private)
        expected = them.mac(their_public, (self.user, self.device), transaction, keys)
        return all(mac[part] == expected[part] for part in ("mac", "keys"))
