"""What the supervisor has to know of each process of this home."""

from __future__ import annotations

import hashlib
from pathlib import Path

from node.config import NodeConfig
from node.home import Home
from node.network.layout import ports_of
from node.supervisor.specification import ChildSpecification
from node.synapse.plugin.quick_node import VARIABLE as QUICK_NODE
from node.synapse.process import SYNAPSE_TEMPLATE, synapse_command, synapse_environment

_RESTART_WHEN_CHANGED = ("homeserver.yaml", "log.yaml", "signing.key", "tls.crt")
"""What Synapse reads at its start only, of a node's folder."""


def node_child(home: Home, config: NodeConfig) -> ChildSpecification:
    """Describe one node's homeserver. Raises SynapseMissing when the extra `node` is not installed."""
    folder = home.node(config.region)
    read_once = [folder / name for name in _RESTART_WHEN_CHANGED] + [home.manifest]
    return ChildSpecification(
        name=config.region,
        command=tuple(synapse_command(folder)),
        working_folder=folder,
        log_path=folder / "process.log",
        environment=synapse_environment() | ({QUICK_NODE: "1"} if config.development else {}),
        health_url=f"{config.client_url}/health",
        ports=tuple(ports_of(config)),
        revision=_revision(read_once),
        template=SYNAPSE_TEMPLATE,
    )


def _revision(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
