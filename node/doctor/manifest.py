"""Is there a manifest that the pinned root has signed, and does it hold for long enough?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from node.config import NodeConfig
from node.doctor.finding import Finding, error, from_error, ok, warning
from policies.trust.errors import ManifestRejected
from policies.trust.manifest import Manifest, read_manifest

CHECK = "manifest"

_SOON_DAYS = 30


def check_manifest(
    config: NodeConfig, node_folder: Path, *, now: datetime
) -> tuple[Manifest | None, Finding]:
    """Read the manifest as the homeserver will; return it, or None where it must not be believed."""
    path = (node_folder / config.network.manifest).resolve()
    try:
        manifest = read_manifest(
            path.read_bytes(),
            config.network.root_public_key,
            now=now,
            accept_development=config.development,
        )
    except ManifestRejected as raised:
        return None, from_error(CHECK, raised)
    except OSError as raised:
        return None, error(
            CHECK,
            f"The manifest {path} cannot be read.",
            why=f"The system says: {raised.strerror}.",
            remedy="Get it from the network's root.",
        )
    own = manifest.peer(config.server_name)
    if own is None or own.region != config.region:
        return manifest, error(
            CHECK,
            f"The manifest does not have {config.server_name} as the node of {config.region}.",
            why=f"It has: {', '.join(manifest.server_names)}. No peer will speak to this node.",
            remedy="Correct node.toml, or get the network's newest manifest.",
        )
    left = (manifest.valid_until - now).days
    if left < _SOON_DAYS:
        return manifest, warning(
            CHECK,
            f"The manifest expires in {left} days.",
            why="After that the homeserver does not start, and clients believe nothing.",
            remedy="Get the next one from the network's root.",
        )
    return manifest, ok(CHECK, f"serial {manifest.serial} of {manifest.network}, {left} days left")
