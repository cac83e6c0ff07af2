"""The network's certificate authority, and the certificates of its nodes (X.509, EC P-256)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from client.session.local.private_files import write_private
from node.errors import CertificateInvalid
from policies.trust.manifest_members import ManifestNode

_AUTHORITY_DAYS = 3650
_NODE_DAYS = 397
"""The longest that a server certificate may last by the CA/Browser Forum's rules: a year and a month."""
_BEFORE = timedelta(hours=1)
"""Certificates begin a little in the past, so that a peer whose clock is behind accepts them."""


@dataclass(frozen=True)
class NodeCertificate:
    """A node's certificate and its private key, both PEM."""

    certificate: bytes
    private_key: bytes = field(repr=False)

    def write(self, certificate_path: Path, key_path: Path) -> None:
        """Write both as 0600 files, the key first: a certificate on disk always has its key."""
        write_private(key_path, self.private_key)
        write_private(certificate_path, self.certificate)


@dataclass(frozen=True)
class CertificateAuthority:
    """The authority whose certificates the nodes of one network accept from each other, and no others."""

    certificate: x509.Certificate
    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def create(cls, network: str, *, now: datetime | None = None) -> CertificateAuthority:
        """Make a new authority, valid for ten years; `network` is the name it shows."""
        begin = now or datetime.now(UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Rogatory {network} federation")])
        certificate = (
            _builder(name, name, key.public_key(), begin, _AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificate_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def load(cls, certificate_path: Path, key_path: Path) -> CertificateAuthority:
        """Read an authority that `write` wrote. Raises CertificateInvalid."""
        certificate = read_certificate(certificate_path)
        key = read_private_key(key_path)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise _unusable(key_path, "It is not an elliptic-curve key.")
        if certificate.public_key() != key.public_key():
            raise _unusable(key_path, f"It does not belong to {certificate_path}.")
        return cls(certificate, key)

    def write(self, certificate_path: Path, key_path: Path) -> None:
        """Write the certificate and the key as 0600 files."""
        pem = NodeCertificate(self.certificate.public_bytes(serialization.Encoding.PEM), _pem(self._key))
        pem.write(certificate_path, key_path)

    @property
    def sha256(self) -> str:
        """The fingerprint: SHA-256 of the certificate in DER, hexadecimal."""
        return fingerprint(self.certificate)

    def issue(self, server_name: str, *, now: datetime | None = None) -> NodeCertificate:
        """Make a key and a certificate with which the node named `server_name` proves itself to its peers."""
        key = ec.generate_private_key(ec.SECP256R1())
        # a common name holds at most 64 characters (RFC 5280); the name that counts is the alternative one
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, server_name[:64])])
        issuer_key = self._key.public_key()
        certificate = (
            _builder(name, self.certificate.subject, key.public_key(), now or datetime.now(UTC), _NODE_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(certificate_sign=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(server_name)]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return NodeCertificate(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))


def read_certificate(path: Path) -> x509.Certificate:
    """Read a PEM certificate. Raises CertificateInvalid."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        system = f"The system says: {error.strerror}." if isinstance(error, OSError) else ""
        raise _unusable(path, system or "It is not a certificate in PEM.") from None


def read_private_key(path: Path) -> PrivateKeyTypes:
    """Read an unencrypted PEM private key. Raises CertificateInvalid, which quotes nothing of the file."""
    try:
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        # the cause could quote the key's file; it is not passed on
        raise _unusable(
            path, "It is not a private key in PEM, without a passphrase, that can be read."
        ) from None


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the DNS names that a certificate is for: the alternative names, which are all that count."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate in DER, hexadecimal, as the manifest names an authority."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def days_left(certificate: x509.Certificate, *, now: datetime | None = None) -> int:
    """Return how many whole days the certificate still holds; negative when it is over."""
    return (certificate.not_valid_after_utc - (now or datetime.now(UTC))).days


def check_credentials(node: ManifestNode, authority: Path, certificate: Path, private_key: Path) -> None:
    """See that a node can prove itself to its peers with these files. Raises CertificateInvalid.

    The authority must be the manifest's, the certificate signed by it and for the node's server name, and the
    private key the certificate's.
    """
    issuer, own, key = (
        read_certificate(authority),
        read_certificate(certificate),
        read_private_key(private_key),
    )
    if fingerprint(issuer) != node.ca_sha256:
        raise _unusable(authority, f"The manifest names another authority, with SHA-256 {node.ca_sha256}.")
    try:
        own.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        raise _unusable(certificate, f"It is not signed by the authority in {authority}.") from None
    if node.server_name not in names_of(own):
        raise _unusable(
            certificate, f"It is for {', '.join(names_of(own)) or 'nobody'}, not {node.server_name}."
        )
    if own.public_key() != key.public_key():
        raise _unusable(private_key, f"It does not belong to {certificate}.")


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + timedelta(days=days))
    )


def _key_usage(*, certificate_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificate_sign,
        key_cert_sign=certificate_sign,
        crl_sign=certificate_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _unusable(path: Path, why: str) -> CertificateInvalid:
    return CertificateInvalid(
        f"{path} cannot be used.", why=why, remedy="Restore it from a backup, or make a new one."
    )
