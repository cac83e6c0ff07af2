"""node.toml and the manifest, rendered into everything that Synapse needs to start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from client.session.local.private_files import private_folder, write_private_if_changed
from node.config import NodeConfig
from node.errors import ConfigurationInvalid
from node.synapse.log_config import log_settings
from node.synapse.secret_files import ensure_secrets
from node.synapse.settings import homeserver_settings
from node.synapse.signing_key import ensure_signing_key
from policies.trust.errors import ManifestRolledBack
from policies.trust.manifest import Manifest

_LEAST_SERIAL = re.compile(r"^ +least_serial: (\d+)$", re.MULTILINE)
_HEAD = "# Rendered from node.toml and the manifest by rogatory; changes here are lost.\n"


def render_node(config: NodeConfig, manifest: Manifest, folder: Path) -> bool:
    """Render the node in `folder`: homeserver.yaml, log.yaml, and where missing the signing key and secrets.

    `manifest` must have been read with the pinned root. Certificates are not made here. Only what differs is
    written; return whether anything was. Raises ConfigurationInvalid when the manifest has another node for
    this region, ManifestRolledBack when the node was rendered with a newer manifest before.
    """
    _check_in_manifest(config, manifest)
    place = private_folder(folder).resolve()
    _check_newest(place / "homeserver.yaml", manifest)
    private_folder(place / "media")
    changed = [
        ensure_secrets(place),
        ensure_signing_key(place),
        write_private_if_changed(place / "log.yaml", _yaml(log_settings(place))),
        write_private_if_changed(
            place / "homeserver.yaml", _yaml(homeserver_settings(config, manifest, place))
        ),
    ]
    return any(changed)


def _check_in_manifest(config: NodeConfig, manifest: Manifest) -> None:
    peer = manifest.peer(config.server_name)
    if peer is None or peer.region != config.region:
        raise ConfigurationInvalid(
            f"The node {config.server_name} of region {config.region} is not in the manifest.",
            why=f"Manifest {manifest.serial} of {manifest.network} has: {', '.join(manifest.server_names)}.",
            remedy="Correct region and server_name in node.toml, or get the network's newest manifest.",
        )


def _check_newest(rendered: Path, manifest: Manifest) -> None:
    seen = _LEAST_SERIAL.search(rendered.read_text(errors="replace")) if rendered.exists() else None
    if seen is not None and manifest.serial < int(seen[1]):
        raise ManifestRolledBack(
            "The manifest is an older one.",
            why=f"Its serial is {manifest.serial}, and this node already runs with {seen[1]}.",
            remedy="Get the network's newest manifest.",
        )


def _yaml(settings: Mapping[str, object]) -> str:
    import yaml  # imported here: reading a node's configuration does not need it

    return _HEAD + yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, width=110)
