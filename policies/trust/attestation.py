"""Attestations: a regional authority vouches for who holds a function (design section 6.2).

The chain is manifest → authority → attestation → master cross-signing key → device. An attestation is
published as room state, where any steward could write it: only the signature inside counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from policies.trust import canonical_json
from policies.trust.errors import (
    AttestationExpired,
    AttestationMalformed,
    AttestationNotYetValid,
    AttestationRejected,
    AttestationSignatureInvalid,
    SignatureInvalid,
    TimeInvalid,
)
from policies.trust.manifest import Authority, Manifest
from policies.trust.manifest_members import require, require_key, require_period
from policies.trust.signing import SigningKey, sign_object, verify_object
from policies.trust.times import UtcTime, check_times, format_time
from policies.user_id import server_of

EVENT_TYPE = "org.rogatory.attestation"
"""The type of the state event that carries an attestation."""

VERSION = 1

_LONGEST_STATE_KEY = 255
"""Bytes of a state key that a homeserver takes (Matrix specification, size limits)."""


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """What a region says of one account.

    `state` is an ISO 3166-1 alpha-3 code, or None for the Court's and the network's own functions.
    `master_key` is the Matrix master cross-signing key, `answer_key` the key that signs answers (None: may
    not answer), both Ed25519 public keys in unpadded Base64. `authority` is the region that says so.
    """

    v: int
    user_id: str
    state: str | None
    function: str
    themes: tuple[str, ...]
    master_key: str
    answer_key: str | None
    valid_from: UtcTime
    valid_until: UtcTime
    authority: str

    def __post_init__(self) -> None:
        require(self.v == VERSION, f"version {self.v} is not {VERSION}: this program may be too old")
        require(self.user_id.startswith("@") and ":" in self.user_id, f"{self.user_id!r} is not a user id")
        for key in filter(None, (self.master_key, self.answer_key)):
            require_key("ed25519:key", key)
        require(self.master_key, "the master key is empty")
        require_period(self.valid_from, self.valid_until)


def sign_attestation(attestation: Attestation, key: SigningKey) -> dict[str, object]:
    """Return the content of the state event; the signer is the region, under `attestation.authority`."""
    return sign_object(canonical_json.from_struct(attestation), attestation.authority, key)


def read_attestation(content: Mapping[str, object], manifest: Manifest, *, now: datetime) -> Attestation:
    """Read an attestation whose authority the manifest names and whose time it is.

    A region's authority speaks for accounts on its own server only. Raises the AttestationRejected that says
    why: signature first, then form, then time. `now` is an aware time.
    """
    _check_signature(content, manifest, now)
    try:
        check_times(content)
        attestation = msgspec.convert(content, Attestation)
    except (TimeInvalid, msgspec.ValidationError) as error:
        raise _rejected(AttestationMalformed, "The attestation cannot be read.", f"{error}.") from None
    node = manifest.peer(server_of(attestation.user_id))
    if node is None or node.region != attestation.authority:
        why = f"{attestation.user_id} is not on the server of the region {attestation.authority}."
        raise _rejected(AttestationMalformed, "The authority may not attest that account.", why)
    if now < attestation.valid_from:
        why = f"It begins at {format_time(attestation.valid_from)}."
        raise _rejected(AttestationNotYetValid, "The attestation is not valid yet.", why)
    if now >= attestation.valid_until:
        why = f"It ended at {format_time(attestation.valid_until)}."
        raise _rejected(AttestationExpired, "The attestation has expired.", why)
    return attestation


def attestation_state_key(user_id: str) -> str:
    """Return the state key of a user's attestation: the id without its `@`.

    A key that begins with `@` could be written by that user only (Matrix specification, authorization rules).
    Raises AttestationMalformed when the rest cannot be a state key.
    """
    key = user_id.removeprefix("@")
    if key == user_id or not key or key.startswith("@") or len(key.encode()) > _LONGEST_STATE_KEY:
        why = "It must begin with one @ and have at most 255 bytes after it."
        raise _rejected(AttestationMalformed, f"{user_id[:80]!r} cannot be attested.", why)
    return key


def _check_signature(content: Mapping[str, object], manifest: Manifest, now: datetime) -> None:
    region = content.get("authority")
    signatures = content.get("signatures")
    of_region = (
        signatures.get(region) if isinstance(region, str) and isinstance(signatures, Mapping) else None
    )
    for key_id in of_region if isinstance(of_region, Mapping) else ():
        authority = manifest.authority_key(str(region), str(key_id))
        if authority is not None and _holds(content, authority, now):
            return
    why = "No valid signature of a key that the manifest gives to that region's authority, today."
    raise _rejected(AttestationSignatureInvalid, "The attestation is not signed by its authority.", why)


def _holds(content: Mapping[str, object], authority: Authority, now: datetime) -> bool:
    try:
        verify_object(content, authority.region, authority.key_id, authority.public_key)
    except SignatureInvalid:
        return False
    return authority.valid_from <= now < authority.valid_until


def _rejected(kind: type[AttestationRejected], what: str, why: str) -> AttestationRejected:
    return kind(what, why=why, remedy="Ask the regional authority for a current attestation.")
