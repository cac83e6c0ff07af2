"""The signed manifest, as the plugin reads it by itself when the homeserver starts.

The renderer verified it too; but between the two the file lay on disk, and the homeserver is what must not
let a stranger in. What does not verify stops the start: there is no network without its manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import msgspec

from policies.trust.manifest import Manifest, read_manifest


class Pinned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plugin's configuration in homeserver.yaml: which manifest, signed by whom, no older than which."""

    manifest: str
    root_public_key: str
    accept_development: bool
    least_serial: int


def read_pinned_manifest(config: Mapping[str, object]) -> Manifest:
    """Read and verify the manifest that the plugin's `config` names.

    Raises msgspec.ValidationError for another configuration, OSError when the file cannot be read,
    ManifestRejected when it does not verify, has expired or is older than the node has seen.
    """
    return _verified(msgspec.convert(dict(config), Pinned, strict=True))


@lru_cache(maxsize=1)  # the peer table and the fence ask for the same one
def _verified(pinned: Pinned) -> Manifest:
    return read_manifest(
        Path(pinned.manifest).read_bytes(),
        pinned.root_public_key,
        now=datetime.now(UTC),
        newest_serial=pinned.least_serial,
        accept_development=pinned.accept_development,
    )
