"""How a message is signed (Standard Webhooks): by Ed25519, and by the secret that an endpoint shares with us.

The Ed25519 signature (`v1a`) proves who sent it also to somebody who could not have made it; the libraries of
most languages know only the symmetric one (`v1`), so both are sent, as the specification foresees.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from client.session.secret import Secret
from policies.trust.signing import SigningKey

_KEY_VERSION = "webhooks"


def webhook_key(seed: Secret[bytes]) -> SigningKey:
    """Return the bridge's key from its 32 secret bytes."""
    return SigningKey(f"ed25519:{_KEY_VERSION}", seed.reveal())


def public_key(key: SigningKey) -> str:
    """Return the public half as receivers are given it: whpk_ and padded Base64."""
    return f"whpk_{_padded(key.public_key)}"


def shown_secret(secret: Secret[bytes]) -> str:
    """Return the symmetric secret as its receiver is given it: whsec_ and padded Base64."""
    return f"whsec_{base64.b64encode(secret.reveal()).decode()}"


def signature_headers(
    message_id: str, timestamp: int, body: bytes, key: SigningKey, secret: Secret[bytes]
) -> dict[str, str]:
    """Return the three headers of a message; `timestamp` is in whole seconds since 1970."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    shared = base64.b64encode(hmac.digest(secret.reveal(), signed, hashlib.sha256)).decode()
    own = base64.b64encode(key.sign(signed)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{shared} v1a,{own}",
    }


def _padded(unpadded: str) -> str:
    return unpadded + "=" * (-len(unpadded) % 4)
