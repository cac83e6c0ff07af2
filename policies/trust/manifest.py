"""The manifest: who is in the network, signed by its root (design section 6.1).

It names the nodes, the regional authorities that attest people, and the organs of the Court with the keys
that sign requests. Everything else in the network is believed because of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

import msgspec

from policies.trust import canonical_json
from policies.trust.errors import (
    CanonicalJsonError,
    DevelopmentManifestRefused,
    ManifestExpired,
    ManifestMalformed,
    ManifestNotYetValid,
    ManifestRejected,
    ManifestRolledBack,
    ManifestSignatureInvalid,
    NotInManifest,
    SignatureInvalid,
    TimeInvalid,
)
from policies.trust.manifest_members import (
    Authority,
    ManifestNode,
    Organ,
    OrganKey,
    require,
    require_period,
    require_unique,
)
from policies.trust.signing import SigningKey, sign_object, verify_object
from policies.trust.times import UtcTime, check_times, format_time

__all__ = ["Authority", "Manifest", "ManifestNode", "Organ", "OrganKey", "read_manifest", "sign_manifest"]

VERSION = 1
"""The version of the format that is written and read here."""

ROOT = "root"
"""The signer's name of the network root in `signatures`."""

_Member = TypeVar("_Member", ManifestNode, Authority, Organ)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The network at one moment. Of two manifests the one with the larger `serial` holds.

    `development` says that the root's private key lies on an ordinary machine and protects nothing.
    """

    v: int
    network: str
    serial: int
    issued_at: UtcTime
    valid_until: UtcTime
    development: bool
    nodes: tuple[ManifestNode, ...]
    authorities: tuple[Authority, ...]
    organs: tuple[Organ, ...]

    def __post_init__(self) -> None:
        require(self.v == VERSION, f"version {self.v} is not {VERSION}: this program may be too old")
        require(self.serial >= 0, "the serial is negative")
        require_period(self.issued_at, self.valid_until)
        require_unique("region", [node.region for node in self.nodes])
        require_unique("server name", [node.server_name for node in self.nodes])
        require_unique("authority key", [f"{each.region} {each.key_id}" for each in self.authorities])
        require_unique("organ", [organ.organ for organ in self.organs])
        for organ in self.organs:
            require_unique(f"key of {organ.organ}", [key.key_id for key in organ.keys])

    @property
    def server_names(self) -> tuple[str, ...]:
        """The names of all servers of the closed federation, in order."""
        return tuple(sorted(node.server_name for node in self.nodes))

    def node(self, region: str) -> ManifestNode:
        """Return a region's node. Raises NotInManifest when there is none."""
        return _found((node for node in self.nodes if node.region == region), "node", region)

    def peer(self, server_name: str) -> ManifestNode | None:
        """Return the node of that server name, or None: then it is no part of the network."""
        return next((node for node in self.nodes if node.server_name == server_name), None)

    def organ(self, organ: str) -> Organ:
        """Return an organ of the Court. Raises NotInManifest when there is none."""
        return _found((each for each in self.organs if each.organ == organ), "organ", organ)

    def authority(self, region: str) -> Authority:
        """Return a region's authority, with its newest key. Raises NotInManifest when there is none."""
        newest_first = sorted(self.authorities, key=lambda each: each.valid_from, reverse=True)
        return _found((each for each in newest_first if each.region == region), "authority", region)

    def authority_key(self, region: str, key_id: str) -> Authority | None:
        """Return a region's authority with that key, also when it has a newer one."""
        wanted = (region, key_id)
        return next((each for each in self.authorities if (each.region, each.key_id) == wanted), None)


def sign_manifest(manifest: Manifest, root: SigningKey) -> bytes:
    """Return the manifest's file: canonical JSON with the root's signature under the signer `root`."""
    return canonical_json.encode(sign_object(canonical_json.from_struct(manifest), ROOT, root))


def read_manifest(
    data: bytes,
    root_public_key: str,
    *,
    now: datetime,
    newest_serial: int | None = None,
    accept_development: bool = False,
) -> Manifest:
    """Read a manifest, believing nothing in it before its signature by the pinned root is checked.

    `root_public_key` is unpadded Base64, `now` an aware time, `newest_serial` the largest serial seen so far.
    The signature covers the object as received, so fields that this version does not know survive.
    Raises the ManifestRejected that says why, in this order: signature, form, development root, time, serial.
    """
    received = _received(data)
    _check_root_signature(received, root_public_key)
    try:
        check_times(received)
        manifest = msgspec.convert(received, Manifest)
    except (TimeInvalid, msgspec.ValidationError) as error:
        raise _rejected(ManifestMalformed, "The manifest cannot be read.", f"{error}.") from None
    if manifest.development and not accept_development:
        why = "Its root key lies on an ordinary machine, so anybody may have made it."
        raise _rejected(DevelopmentManifestRefused, "The manifest is of a development network.", why)
    if now < manifest.issued_at:
        why = f"It is issued at {format_time(manifest.issued_at)}, and here it is {format_time(now)}."
        raise _rejected(ManifestNotYetValid, "The manifest is not valid yet.", why)
    if now >= manifest.valid_until:
        why = f"It ended at {format_time(manifest.valid_until)}, and here it is {format_time(now)}."
        raise _rejected(ManifestExpired, "The manifest has expired.", why)
    if newest_serial is not None and manifest.serial < newest_serial:
        why = f"Its serial is {manifest.serial}, and {newest_serial} has been seen here already."
        raise _rejected(ManifestRolledBack, "The manifest is an older one.", why)
    return manifest


def _received(data: bytes) -> dict[str, object]:
    try:
        return canonical_json.decode_object(data)
    except CanonicalJsonError as error:
        why = f"{error.what} {error.why}"
        raise _rejected(ManifestMalformed, "The manifest cannot be read.", why) from None


def _check_root_signature(received: dict[str, object], root_public_key: str) -> None:
    """Accept a signature of the root under any key id: it is the key that is pinned, not its name."""
    signatures = received.get("signatures")
    of_root = signatures.get(ROOT) if isinstance(signatures, dict) else None
    for key_id in of_root if isinstance(of_root, dict) else ():
        try:
            return verify_object(received, ROOT, key_id, root_public_key)
        except SignatureInvalid:
            continue
    why = "None of its signatures was made by the root key that is pinned here."
    raise _rejected(ManifestSignatureInvalid, "The manifest is not signed by the network's root.", why)


def _rejected(kind: type[ManifestRejected], what: str, why: str) -> ManifestRejected:
    return kind(
        what, why=why, remedy="Fetch the current manifest from the network's root, and check the clock."
    )


def _found(matches: Iterator[_Member], what: str, name: str) -> _Member:
    member = next(matches, None)
    if member is None:
        raise NotInManifest(
            f"The manifest has no {what} {name!r}.",
            why="It names everyone who is in the network, and nobody else is.",
            remedy="Check the spelling, or fetch the current manifest from the network's root.",
        )
    return member
