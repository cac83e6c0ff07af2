"""One room key in the backup: `m.megolm_backup.v1.curve25519-aes-sha2` (Matrix spec, "Key backups").

The encryption proves nothing of its writer: whoever knows the public key can write. Its MAC does not even
cover the ciphertext (a fault of the first implementation that became the standard). So what comes out is
believed only to be the session whose id it carries, and nobody's.
"""

from __future__ import annotations

import msgspec
from vodozemac import Curve25519PublicKey, Curve25519SecretKey, Message, PkDecryption, PkEncryption

from client.session.crypto.olm_account import MEGOLM
from client.session.events import Json
from client.session.foreign_json import decode
from policies.trust.errors import TrustError
from policies.trust.signing import decode_base64, unpadded_base64


class RestoredSession(msgspec.Struct):
    """A session as the backup has it, decrypted; every claim in it is only that."""

    algorithm: str
    sender_key: str
    session_key: str
    sender_claimed_keys: dict[str, str] = {}


class _Sealed(msgspec.Struct):
    ephemeral: str
    ciphertext: str
    mac: str


class _SessionData(msgspec.Struct):
    session_data: _Sealed


class SessionDataRefused(Exception):
    """An entry of the backup was made with another key, or was altered."""


def seal_session(
    public_key: str, *, exported_key: str, first_index: int, sender_key: str, signing_key: str
) -> dict[str, Json]:
    """Return a session as PUT /room_keys/keys takes it, readable with the private key of `public_key`."""
    plaintext = msgspec.json.encode(
        {
            "algorithm": MEGOLM,
            "forwarding_curve25519_key_chain": [],
            "sender_claimed_keys": {"ed25519": signing_key},
            "sender_key": sender_key,
            "session_key": exported_key,
        }
    )
    sealed = PkEncryption.from_key(Curve25519PublicKey.from_base64(public_key)).encrypt(plaintext)
    return {
        "first_message_index": first_index,
        "forwarded_count": 0,
        # The server prefers "verified" entries over those with an earlier index, and nobody may trust it.
        "is_verified": False,
        "session_data": {
            "ephemeral": unpadded_base64(sealed.ephemeral_key),
            "ciphertext": unpadded_base64(sealed.ciphertext),
            "mac": unpadded_base64(sealed.mac),
        },
    }


def unseal_session(private_key: bytes, raw: msgspec.Raw) -> RestoredSession:
    """Return what an entry of the backup holds. Raises SessionDataRefused."""
    try:
        sealed = decode(raw, type=_SessionData).session_data
        message = Message(
            *(decode_base64(part.rstrip("=")) for part in (sealed.ciphertext, sealed.mac, sealed.ephemeral))
        )
        plaintext = PkDecryption.from_key(Curve25519SecretKey.from_bytes(private_key)).decrypt(message)
        session = decode(plaintext, type=RestoredSession)
    except (TrustError, msgspec.DecodeError, ValueError):
        raise SessionDataRefused("it was made with another key, or altered") from None
    if session.algorithm != MEGOLM:
        raise SessionDataRefused("it is for an algorithm that is not used here")
    return session


def public_key_of(private_key: bytes) -> str:
    """Return the public half of a backup's private key, in unpadded Base64."""
    return Curve25519SecretKey.from_bytes(private_key).public_key().to_base64()
