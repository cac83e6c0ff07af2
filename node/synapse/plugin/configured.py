"""What both of our Synapse modules do with their configuration: verify the manifest, or stop the start."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from synapse.module_api.errors import ConfigError

from node.synapse.plugin.pinned_manifest import read_pinned_manifest
from policies.trust.errors import TrustError
from policies.trust.manifest import Manifest


def manifest_or_stop(config: Mapping[str, object]) -> Manifest:
    """Return the verified manifest; raise Synapse's ConfigError, with which it refuses to start."""
    try:
        return read_pinned_manifest(config)
    except (TrustError, OSError, msgspec.ValidationError) as error:
        raise ConfigError(f"Rogatory: the network's manifest cannot be used. {error}") from error
