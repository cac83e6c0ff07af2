"""The errors of signed objects: what is refused, and as what.

TrustError (a PolicyError)
├── CanonicalJsonError           a value has no canonical form, or bytes are not one JSON object
├── Base64Invalid                text is not unpadded standard Base64
├── KeyInvalid                   a key, its id or its file is not as it must be
├── TimeInvalid                  text is not an RFC 3339 time in UTC
├── NotInManifest                the manifest names no such node, authority or organ
├── SignatureInvalid             no valid signature by that signer and key
├── ManifestRejected             the manifest is not to be used
│   ├── ManifestSignatureInvalid     not signed by the pinned root
│   ├── ManifestMalformed            signed, yet not a manifest that this version can read
│   ├── ManifestNotYetValid          its time has not come
│   ├── ManifestExpired              its time is over
│   ├── ManifestRolledBack           an older serial than one already seen
│   └── DevelopmentManifestRefused   signed by a development root
└── AttestationRejected          the attestation says nothing that may be believed
    ├── AttestationSignatureInvalid  not signed by a valid key of that region's authority
    ├── AttestationMalformed         not an attestation, or one that its authority may not make
    ├── AttestationNotYetValid       its time has not come
    └── AttestationExpired           its time is over
"""

from __future__ import annotations

from policies.errors import PolicyError


class TrustError(PolicyError):
    """A signed object, or a part of one, is not as it must be."""


class CanonicalJsonError(TrustError):
    """A value has no canonical JSON form, or bytes are not one unambiguous JSON object."""


class Base64Invalid(TrustError):
    """A text is not unpadded standard Base64."""


class KeyInvalid(TrustError):
    """A key, its id or its file is not as it must be."""


class TimeInvalid(TrustError):
    """A text is not an RFC 3339 time in UTC."""


class NotInManifest(TrustError):
    """The manifest names no such node, authority or organ."""


class SignatureInvalid(TrustError):
    """There is no valid signature by that signer and key."""


class ManifestRejected(TrustError):
    """The manifest is not to be used."""

    exit_code = 3


class ManifestSignatureInvalid(ManifestRejected):
    """The manifest is not signed by the pinned root."""


class ManifestMalformed(ManifestRejected):
    """The manifest is not one that this version can read."""


class ManifestNotYetValid(ManifestRejected):
    """The manifest's time has not come."""


class ManifestExpired(ManifestRejected):
    """The manifest's time is over."""


class ManifestRolledBack(ManifestRejected):
    """The manifest has an older serial than one already seen."""


class DevelopmentManifestRefused(ManifestRejected):
    """The manifest is signed by a development root, which protects nothing."""


class AttestationRejected(TrustError):
    """The attestation says nothing that may be believed."""


class AttestationSignatureInvalid(AttestationRejected):
    """The attestation is not signed by a valid key of its authority."""


class AttestationMalformed(AttestationRejected):
    """The content is not an attestation, or one that its authority may not make."""


class AttestationNotYetValid(AttestationRejected):
    """The attestation's time has not come."""


class AttestationExpired(AttestationRejected):
    """The attestation's time is over."""
