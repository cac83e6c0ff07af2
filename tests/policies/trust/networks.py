"""A small network for tests: keys, a manifest, an attestation; everything made anew for each import."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from policies.trust.attestation import Attestation
from policies.trust.manifest import Authority, Manifest, ManifestNode, Organ, OrganKey
from policies.trust.signing import SigningKey

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
BEGIN = NOW - timedelta(days=1)
END = NOW + timedelta(days=365)

ROOT = SigningKey.generate("root")
AFRICA = SigningKey.generate("africa")
OTP = SigningKey.generate("2026a")
MASTER = SigningKey.generate("master")

FOCAL_POINT = "@sen.focal-point.1:africa.rogatory.test"


def node(region: str, port: int) -> ManifestNode:
    return ManifestNode(
        region=region, server_name=f"{region}.rogatory.test", host="127.0.0.1", port=port, ca_sha256="ab" * 32
    )


def otp_key(begin: datetime = BEGIN, end: datetime = END) -> OrganKey:
    return OrganKey(key_id=OTP.key_id, public_key=OTP.public_key, valid_from=begin, valid_until=end)


MANIFEST = Manifest(
    v=1,
    network="test",
    serial=7,
    issued_at=BEGIN,
    valid_until=END,
    development=False,
    nodes=(node("court", 8448), node("africa", 8449), node("weog", 8450)),
    authorities=(
        Authority(
            region="africa",
            key_id=AFRICA.key_id,
            public_key=AFRICA.public_key,
            valid_from=BEGIN,
            valid_until=END,
        ),
    ),
    organs=(Organ(organ="OTP", user_id="@otp:court.rogatory.test", keys=(otp_key(),)),),
)

ATTESTATION = Attestation(
    v=1,
    user_id=FOCAL_POINT,
    state="SEN",
    function="focal-point",
    themes=("assets",),
    master_key=MASTER.public_key,
    answer_key=None,
    valid_from=BEGIN,
    valid_until=END,
    authority="africa",
)
