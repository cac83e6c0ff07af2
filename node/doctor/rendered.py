"""Does homeserver.yaml say what the manifest and node.toml say: who may federate, the fence, the storage?

Synapse obeys homeserver.yaml and nothing else, and people edit files. Rendering again mends all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from node.config import NodeConfig, StorageKind
from node.doctor.finding import Finding, error, ok, warning
from node.synapse.settings import FENCE, PEER_TABLE
from policies.trust.manifest import Manifest

WHITELIST = "whitelist"
FENCE_CHECK = "fence"
STORAGE = "storage"

_RENDER = "Run `rogatory node start`, which renders it again from node.toml and the manifest."


def read_rendered(node_folder: Path) -> Mapping[str, object] | Finding:
    """Return what homeserver.yaml says, or the finding that it cannot be read."""
    import yaml

    path = node_folder / "homeserver.yaml"
    try:
        settings = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        settings = None
    if isinstance(settings, dict):
        return settings
    return error(
        WHITELIST,
        f"{path} cannot be read.",
        why="It is missing or is not YAML, so nothing is known of who may federate.",
        remedy=_RENDER,
    )


def check_whitelist(settings: Mapping[str, object], manifest: Manifest) -> Finding:
    """Compare `federation_domain_whitelist` with the manifest's server names, and see that TLS is checked."""
    listed = settings.get("federation_domain_whitelist")
    if not isinstance(listed, list):
        return error(
            WHITELIST,
            "homeserver.yaml has no whitelist.",
            why="The homeserver would federate with every server in the world.",
            remedy=_RENDER,
        )
    wanted, found = set(manifest.server_names), {str(name) for name in listed}
    if found != wanted:
        extra, missing = ", ".join(sorted(found - wanted)), ", ".join(sorted(wanted - found))
        differences = [f"too many: {extra}"] * bool(extra) + [f"missing: {missing}"] * bool(missing)
        return error(
            WHITELIST,
            f"The whitelist is not the manifest's ({'; '.join(differences)}).",
            why="The signed manifest alone says who is in the network.",
            remedy=_RENDER,
        )
    if settings.get("federation_verify_certificates") is not True:
        return error(
            WHITELIST,
            "The homeserver does not check its peers' certificates.",
            why="Anybody on the way could pose as a peer.",
            remedy=_RENDER,
        )
    return ok(WHITELIST, f"{len(wanted)} servers, as the manifest has them")


def check_fence(config: NodeConfig, settings: Mapping[str, object]) -> Finding:
    """See that the homeserver loads the fence and the peer table."""
    if not config.fence:
        return error(
            FENCE_CHECK,
            "The fence is switched off in node.toml.",
            why="This node's users could send plaintext and create open rooms.",
            remedy="Remove `fence = false` from node.toml and start the node again.",
        )
    modules = settings.get("modules")
    listed = modules if isinstance(modules, list) else []
    loaded = {module.get("module") for module in listed if isinstance(module, dict)}
    if missing := {FENCE, PEER_TABLE} - loaded:
        return error(
            FENCE_CHECK,
            f"homeserver.yaml does not load {', '.join(sorted(missing))}.",
            why="Without it the homeserver does not keep the network's rules, or does not find its peers.",
            remedy=_RENDER,
        )
    return ok(FENCE_CHECK, "the homeserver keeps the network's rules")


def check_storage(config: NodeConfig, settings: Mapping[str, object]) -> Finding:
    """See that SQLite is used in development only."""
    database = settings.get("database")
    name = database.get("name") if isinstance(database, dict) else None
    if name == "sqlite3" and config.storage.kind is StorageKind.SQLITE and not config.development:
        return warning(
            STORAGE,
            "The homeserver keeps its data in SQLite.",
            why="Its makers call that fit for tests only; it is slow once rooms are large.",
            remedy="Use it for a pilot; move to PostgreSQL before the region depends on the node.",
        )
    return ok(STORAGE, f"{name}{' (development)' if config.development else ''}")
