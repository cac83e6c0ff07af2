"""Two regional authorities, the manifest that names them, and what they attest of Bob."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from client.session.events import Json, StateEvent
from policies.trust.attestation import EVENT_TYPE, Attestation, sign_attestation
from policies.trust.manifest import Authority, Manifest, ManifestNode
from policies.trust.signing import SigningKey
from policies.trust.times import whole_utc
from tests.client.session.fake_homeserver import FakeHomeserver

NOW = whole_utc(datetime.now(UTC))
BEGIN, END = NOW - timedelta(days=2), NOW + timedelta(days=365)
BOB = "@bob:b.test"
AUTHORITIES = {region: SigningKey.generate("2026a") for region in ("africa", "weog")}


def _node(region: str, server_name: str, port: int) -> ManifestNode:
    return ManifestNode(
        region=region, server_name=server_name, host="127.0.0.1", port=port, ca_sha256="ab" * 32
    )


MANIFEST = Manifest(
    v=1,
    network="test",
    serial=1,
    issued_at=BEGIN,
    valid_until=END,
    development=False,
    nodes=(_node("africa", "a.test", 8448), _node("weog", "b.test", 8449)),
    authorities=tuple(
        Authority(
            region=region, key_id=key.key_id, public_key=key.public_key, valid_from=BEGIN, valid_until=END
        )
        for region, key in AUTHORITIES.items()
    ),
    organs=(),
)
"""Alice is on the server of `africa`, Bob on that of `weog`."""


def attested(
    master_key: str, *, region: str = "weog", key: SigningKey | None = None, **changes: Any
) -> dict[str, Json]:
    """Return the content of an attestation of Bob as a focal point, by `region` unless `key` signs it."""
    plain = Attestation(
        v=1,
        user_id=BOB,
        state="BEL",
        function="focal-point",
        themes=("assets",),
        master_key=master_key,
        answer_key=None,
        valid_from=BEGIN,
        valid_until=END,
        authority=region,
    )
    signed = sign_attestation(msgspec.structs.replace(plain, **changes), key or AUTHORITIES[region])
    return msgspec.json.decode(msgspec.json.encode(signed), type=dict[str, Json])


def state_event(content: dict[str, Json]) -> StateEvent:
    """Return the attestation as a room's state has it."""
    return StateEvent(
        type=EVENT_TYPE, state_key=BOB[1:], sender="@steward:b.test", event_id="$attestation", content=content
    )


async def publish(server: FakeHomeserver, content: dict[str, Json]) -> None:
    """Publish an attestation of Bob in the fake's room."""
    await server.put_event(
        {
            "type": EVENT_TYPE,
            "state_key": BOB[1:],
            "sender": "@steward:b.test",
            "event_id": f"$attestation{len(server.timeline)}",
            "content": content,
        }
    )
