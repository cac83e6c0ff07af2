"""The manifest's file: signed anew, with the next serial, only when what it says has changed."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import msgspec

from client.session.local.private_files import write_private
from node.network.trust_material import ORGAN, TrustMaterial
from policies.trust.errors import ManifestMalformed, ManifestRejected
from policies.trust.manifest import (
    Authority,
    Manifest,
    ManifestNode,
    Organ,
    OrganKey,
    read_manifest,
    sign_manifest,
)
from policies.trust.signing import SigningKey
from policies.trust.times import parse_time, whole_utc

_VALID_FOR = datetime.timedelta(days=397)
_RENEW_BEFORE = datetime.timedelta(days=30)
_KEYS_VALID_FOR = datetime.timedelta(days=3 * 365)

Validity = tuple[datetime.datetime, datetime.datetime]


def publish_manifest(
    path: Path,
    *,
    network: str,
    nodes: tuple[ManifestNode, ...],
    material: TrustMaterial,
    court_account: str,
    now: datetime.datetime,
) -> tuple[Manifest, bool]:
    """Write the development network's manifest to `path` if it would say something new, or ends soon.

    Returns the manifest in force and whether it was written. A key keeps the validity it was published with.
    Raises ManifestRejected when the file there is not signed by our root: it is never replaced silently.
    """
    now = whole_utc(now)
    before = _present(path, material.root.public_key)
    manifest = _compose(network, nodes, material, court_account, now, before)
    if before and _says_the_same(before, manifest) and now < before.valid_until - _RENEW_BEFORE:
        return before, False
    write_private(path, sign_manifest(manifest, material.root))
    return manifest, True


def _compose(
    network: str,
    nodes: tuple[ManifestNode, ...],
    material: TrustMaterial,
    court_account: str,
    now: datetime.datetime,
    before: Manifest | None,
) -> Manifest:
    known = _published_keys(before) if before else {}

    def validity(key: SigningKey) -> Validity:
        return known.get(key.public_key, (now, now + _KEYS_VALID_FOR))

    def authority(region: str, key: SigningKey) -> Authority:
        begin, end = validity(key)
        return Authority(
            region=region, key_id=key.key_id, public_key=key.public_key, valid_from=begin, valid_until=end
        )

    begin, end = validity(material.organ)
    organ_key = OrganKey(
        key_id=material.organ.key_id,
        public_key=material.organ.public_key,
        valid_from=begin,
        valid_until=end,
    )
    return Manifest(
        v=1,
        network=network,
        serial=before.serial + 1 if before else 1,
        issued_at=now,
        valid_until=now + _VALID_FOR,
        development=True,
        nodes=nodes,
        authorities=tuple(authority(region, key) for region, key in sorted(material.authorities.items())),
        organs=(Organ(organ=ORGAN, user_id=court_account, keys=(organ_key,)),),
    )


def _present(path: Path, root_public_key: str) -> Manifest | None:
    """Read our own manifest as of the time it was issued: whether it has ended is for the caller to mend."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    try:
        issued_at = parse_time(json.loads(data)["issued_at"])
        return read_manifest(data, root_public_key, now=issued_at, accept_development=True)
    except (ManifestRejected, ValueError, KeyError, TypeError) as error:
        raise ManifestMalformed(
            f"The network's manifest {path} is refused.",
            why=f"{error.what} {error.why}" if isinstance(error, ManifestRejected) else "It cannot be read.",
            remedy="Restore network/manifest.json and network/root.key from the same backup.",
        ) from None


def _published_keys(manifest: Manifest) -> dict[str, Validity]:
    organ_keys = [key for organ in manifest.organs for key in organ.keys]
    members: list[Authority | OrganKey] = [*manifest.authorities, *organ_keys]
    return {member.public_key: (member.valid_from, member.valid_until) for member in members}


def _says_the_same(before: Manifest, after: Manifest) -> bool:
    return before == msgspec.structs.replace(
        after, serial=before.serial, issued_at=before.issued_at, valid_until=before.valid_until
    )
