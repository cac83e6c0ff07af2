"""A Court for tests: an organ's key, the manifest that names it, and requests that it really signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from client.session.events import Json
from policies.requests.wire import compose_request
from policies.trust.manifest import Manifest, ManifestNode, Organ, OrganKey
from policies.trust.signing import SigningKey

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
OTP = "@otp:court.rogatory.test"
KEY = SigningKey("ed25519:2026a", bytes(range(32)))


def manifest(key: SigningKey = KEY) -> Manifest:
    """Return a manifest of three nodes in which `key` signs for the Office of the Prosecutor."""
    start, end = NOW - timedelta(days=30), NOW + timedelta(days=300)
    nodes = tuple(
        ManifestNode(
            region=region,
            server_name=f"{region}.rogatory.test",
            host="127.0.0.1",
            port=port,
            ca_sha256="0" * 64,
        )
        for port, region in enumerate(("court", "africa", "weog"), start=8448)
    )
    organ_key = OrganKey(key_id=key.key_id, public_key=key.public_key, valid_from=start, valid_until=end)
    return Manifest(
        v=1,
        network="test",
        serial=1,
        issued_at=start,
        valid_until=end,
        development=True,
        nodes=nodes,
        authorities=(),
        organs=(Organ(organ="OTP", user_id=OTP, keys=(organ_key,)),),
    )


def request_content(room_id: str, *, person: str = "Jean Exemple (invented)") -> dict[str, Json]:
    """Return an event's content with a request that the Office of the Prosecutor has signed for a room."""
    content = compose_request(
        id="ROG-2026-7KQ4XM",
        template="T13@1.0",
        room_id=room_id,
        issued_at=NOW,
        common={
            "nature": "FORMAL_REFERENCE",
            "originator": "OTP",
            "requested_state": "SEN",
            "legal_basis": ["ART_93_1_k"],
        },
        fields={"measure": ["IDENTIFY", "TRACE"], "person_or_entity": person},
        key=KEY,
        organ="OTP",
    )
    return cast("dict[str, Json]", content)
