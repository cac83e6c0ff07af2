"""The arithmetic of SAS: commitment, short strings and MACs, each as the specification words it.

Matrix spec, end-to-end, "SAS verification". Methods: curve25519-hkdf-sha256, sha256, hkdf-hmac-sha256.v2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from vodozemac import EstablishedSas

from client.session.crypto.verification.parties import Party
from client.session.events import Content
from policies.trust import canonical_json
from policies.trust.unpadded_base64 import unpadded_base64

KEY_AGREEMENT = "curve25519-hkdf-sha256"
HASH = "sha256"
MAC_METHOD = "hkdf-hmac-sha256.v2"
EMOJI, DECIMAL = "emoji", "decimal"


def commitment(public_key: str, start_content: Content) -> str:
    """Return the accepter's commitment to its key. Raises CanonicalJsonError."""
    data = public_key.encode() + canonical_json.encode(dict(start_content))
    return unpadded_base64(hashlib.sha256(data).digest())


def short_string_info(
    starter: Party, starter_key: str, accepter: Party, accepter_key: str, transaction_id: str
) -> str:
    """Return what the short string is bound to: both devices, both ephemeral keys, the transaction."""
    return "|".join(
        (
            "MATRIX_KEY_VERIFICATION_SAS",
            starter.user_id,
            starter.device_id,
            starter_key,
            accepter.user_id,
            accepter.device_id,
            accepter_key,
            transaction_id,
        )
    )


def mac_info(sender: Party, receiver: Party, transaction_id: str, key_id: str) -> str:
    """Return what a MAC is bound to: who proves which key to whom, in which transaction."""
    return "".join(
        (
            "MATRIX_KEY_VERIFICATION_MAC",
            sender.user_id,
            sender.device_id,
            receiver.user_id,
            receiver.device_id,
            transaction_id,
            key_id,
        )
    )


def key_list(key_ids: Iterable[str]) -> str:
    """Return the list of key ids as it is authenticated."""
    return ",".join(sorted(key_ids))


def holds(secret: EstablishedSas, text: str, info: str, tag: str) -> bool:
    """Return whether a MAC is that of `text`."""
    try:
        secret.verify_mac(text, info, tag)
    except ValueError:
        return False
    return True
