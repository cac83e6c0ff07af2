"""The bridge as one more process of this home."""

from __future__ import annotations

import sys
import tomllib

from client.session.local.private_files import write_private
from node.cli.processes import BRIDGE
from node.home import Home
from node.network.ports import free_ports
from node.supervisor.specification import ChildSpecification

HOST = "127.0.0.1"


def bridge_port(home: Home) -> int:
    """Return the port of the bridge's HTTP API, chosen once and remembered in bridge.toml."""
    path = home.bridge / "bridge.toml"
    if not path.is_file():
        write_private(
            path, f"# Where the bridge offers its HTTP API, on {HOST}.\nport = {free_ports(1)[0]}\n"
        )
    return int(tomllib.loads(path.read_text())["port"])


def bridge_url(home: Home) -> str:
    """Return the address of the bridge's HTTP API."""
    return f"http://{HOST}:{bridge_port(home)}"


def bridge_child(home: Home) -> ChildSpecification:
    """Describe the bridge's process."""
    return ChildSpecification(
        name=BRIDGE,
        command=(
            *(sys.executable, "-P", "-m", "node.cli.main", "bridge", "serve"),
            *("--home", str(home.root), "--port", str(bridge_port(home))),
        ),
        working_folder=home.bridge,
        log_path=home.bridge / "bridge.log",
        health_url=f"{bridge_url(home)}/healthz",
        ports=(bridge_port(home),),
    )
