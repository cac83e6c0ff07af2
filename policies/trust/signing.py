"""Ed25519 signatures over canonical JSON (Matrix specification, appendices, "Signing JSON")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey as _Ed25519Key
from nacl.signing import VerifyKey
from nacl.utils import random as random_bytes

from policies.trust import canonical_json
from policies.trust.errors import Base64Invalid, CanonicalJsonError, KeyInvalid, SignatureInvalid
from policies.trust.unpadded_base64 import decode_base64, unpadded_base64

__all__ = ["SigningKey", "decode_base64", "sign_object", "signing_bytes", "unpadded_base64", "verify_object"]

_KEY_ID = re.compile(r"ed25519:[A-Za-z0-9_]{1,64}")
_KEY_LENGTH = 32
_SIGNATURE_LENGTH = 64


@dataclass(frozen=True)
class SigningKey:
    """A private Ed25519 key. `key_id` is like `ed25519:2026a`, `seed` its 32 secret bytes, never shown."""

    key_id: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _KEY_ID.fullmatch(self.key_id):
            raise _bad_key("A key id is not of the form ed25519:NAME.", "The name has letters, digits and _.")
        if len(self.seed) != _KEY_LENGTH:
            raise _bad_key("A signing key is not whole.", f"Its seed must have {_KEY_LENGTH} bytes.")

    @classmethod
    def generate(cls, version: str) -> SigningKey:
        """Make a new key; `version` is the part of its id after the colon, as `2026a`."""
        return cls(f"ed25519:{version}", random_bytes(_KEY_LENGTH))

    @classmethod
    def from_text(cls, text: str) -> SigningKey:
        """Read the line of a key file: `ed25519 VERSION SEED`, as Synapse writes it. Raises KeyInvalid."""
        parts = text.split()
        if len(parts) != 3 or parts[0] != "ed25519":
            raise _bad_key("A key file cannot be read.", "It must be one line: ed25519 VERSION SEED.")
        try:
            seed = decode_base64(parts[2])
        except Base64Invalid:
            raise _bad_key("A key file cannot be read.", "Its seed is not unpadded Base64.") from None
        return cls(f"ed25519:{parts[1]}", seed)

    def to_text(self) -> str:
        """Return the line of a key file. It is the secret itself: only for a 0600 file."""
        return f"ed25519 {self.key_id.partition(':')[2]} {unpadded_base64(self.seed)}\n"

    @property
    def public_key(self) -> str:
        """The public half in unpadded Base64."""
        return unpadded_base64(bytes(_Ed25519Key(self.seed).verify_key))

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature of `message`."""
        return _Ed25519Key(self.seed).sign(message).signature


def signing_bytes(obj: Mapping[str, object]) -> bytes:
    """Return what is signed of an object: its canonical JSON without `signatures` and `unsigned`."""
    return canonical_json.encode({k: v for k, v in obj.items() if k not in {"signatures", "unsigned"}})


def sign_object(obj: Mapping[str, object], signer: str, key: SigningKey) -> dict[str, object]:
    """Return a copy of `obj` with `signatures[signer][key_id]` added; other signatures stay.

    Raises CanonicalJsonError when `obj` has no canonical form.
    """
    signature = unpadded_base64(key.sign(signing_bytes(obj)))
    others = obj.get("signatures", {})
    signatures = dict(others) if isinstance(others, Mapping) else {}
    signatures[signer] = {**signatures.get(signer, {}), key.key_id: signature}
    return {**obj, "signatures": signatures}


def verify_object(obj: Mapping[str, object], signer: str, key_id: str, public_key: str) -> None:
    """Check `signatures[signer][key_id]` of an object as it was received, with `public_key` (Base64).

    Whatever the object holds, the answer is to return or to raise SignatureInvalid.
    """
    signature = _signature(obj, signer, key_id)
    try:
        verifier = VerifyKey(_exactly(public_key, _KEY_LENGTH))
        verifier.verify(signing_bytes(obj), _exactly(signature, _SIGNATURE_LENGTH))
    except Base64Invalid:
        raise _invalid(signer, key_id, "The signature or the key is not unpadded Base64.") from None
    except CanonicalJsonError as error:
        raise _invalid(
            signer, key_id, f"The object cannot have been signed: {error.what} {error.why}"
        ) from None
    except BadSignatureError:
        why = "The signature does not fit: the object was altered, or another key made it."
        raise _invalid(signer, key_id, why) from None


def check_key(key_id: str, public_key: str) -> None:
    """Raise KeyInvalid unless the id is like `ed25519:NAME` and the key 32 bytes in unpadded Base64."""
    if not _KEY_ID.fullmatch(key_id):
        raise _bad_key("A key id is not of the form ed25519:NAME.", "The name has letters, digits and _.")
    try:
        _exactly(public_key, _KEY_LENGTH)
    except Base64Invalid:
        raise _bad_key("A public key cannot be read.", "It must be 32 bytes in unpadded Base64.") from None


def _signature(obj: Mapping[str, object], signer: str, key_id: str) -> str:
    signatures = obj.get("signatures")
    of_signer = signatures.get(signer) if isinstance(signatures, Mapping) else None
    signature = of_signer.get(key_id) if isinstance(of_signer, Mapping) else None
    if not isinstance(signature, str):
        raise _invalid(signer, key_id, "The object carries no such signature.")
    return signature


def _exactly(text: str, length: int) -> bytes:
    data = decode_base64(text)
    if len(data) != length:
        raise Base64Invalid(
            "A text has the wrong length.",
            why=f"It must hold {length} bytes.",
            remedy="Copy it again, whole.",
        )
    return data


def _invalid(signer: str, key_id: str, why: str) -> SignatureInvalid:
    return SignatureInvalid(
        f"There is no valid signature of {signer} with {key_id}.",
        why=why,
        remedy="Trust nothing in it; ask the signer for it again, through another channel.",
    )


def _bad_key(what: str, why: str) -> KeyInvalid:
    return KeyInvalid(what, why=why, remedy="Restore the key from its backup, or make a new one.")
