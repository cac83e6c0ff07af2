"""Do the certificates hold, for long enough, and for this node?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509

from node.certificates import days_left, fingerprint, names_of, read_certificate
from node.config import NodeConfig
from node.doctor.finding import Finding, error, from_error, ok, warning
from node.errors import CertificateInvalid
from policies.trust.manifest import Manifest

CHECK = "certificates"

_SOON_DAYS = 30


def check_certificates(
    config: NodeConfig, manifest: Manifest, node_folder: Path, *, now: datetime
) -> list[Finding]:
    """Check the node's own certificate, and the authority that its peers are believed by."""
    authority = (node_folder / config.network.certificate_authority).resolve()
    findings = []
    for path in (node_folder / "tls.crt", authority):
        try:
            certificate = read_certificate(path)
        except CertificateInvalid as raised:
            findings.append(from_error(CHECK, raised))
            continue
        findings.append(_check_days(path, certificate, now))
        if path == authority:
            findings += _check_authority(certificate, config, manifest)
        else:
            findings += _check_name(certificate, config)
    return findings


def _check_days(path: Path, certificate: x509.Certificate, now: datetime) -> Finding:
    left = days_left(certificate, now=now)
    remedy = "Get a new one from the network's certificate authority; `rogatory up` renews its own."
    if now < certificate.not_valid_before_utc:
        begin = certificate.not_valid_before_utc
        return error(
            CHECK,
            f"{path.name} is not valid yet.",
            why=f"It begins at {begin:%Y-%m-%d %H:%M} UTC, and here it is {now:%Y-%m-%d %H:%M}.",
            remedy="Check this machine's clock.",
        )
    if left < 0:
        return error(
            CHECK, f"{path.name} has expired.", why="Peers refuse every connection with it.", remedy=remedy
        )
    if left < _SOON_DAYS:
        return warning(
            CHECK, f"{path.name} expires in {left} days.", why="After that no peer connects.", remedy=remedy
        )
    return ok(CHECK, f"{path.name}: {left} days left")


def _check_name(certificate: x509.Certificate, config: NodeConfig) -> list[Finding]:
    names = names_of(certificate)
    if config.server_name in names:
        return []
    return [
        error(
            CHECK,
            f"tls.crt is not for {config.server_name}.",
            why=f"It names {', '.join(names) or 'nobody'}; peers check the name.",
            remedy="Get one for this server name from the network's certificate authority.",
        )
    ]


def _check_authority(certificate: x509.Certificate, config: NodeConfig, manifest: Manifest) -> list[Finding]:
    own = manifest.peer(config.server_name)
    if own is None or own.ca_sha256 == fingerprint(certificate):
        return []
    return [
        error(
            CHECK,
            "The certificate authority is not the one of the manifest.",
            why=f"Its SHA-256 is {fingerprint(certificate)}, the manifest says {own.ca_sha256}.",
            remedy="Get ca.crt and the manifest anew from the network's root.",
        )
    ]
