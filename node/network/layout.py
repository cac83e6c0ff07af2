"""The nodes of a network on one machine: their ports, certificates and rendered configuration."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from client.session.local.private_files import private_folder
from node.certificates import CertificateAuthority, days_left, read_certificate
from node.config import (
    Accounts,
    Listener,
    Listeners,
    NetworkFiles,
    NodeConfig,
    RateLimit,
    RateLimitName,
    read_node_toml,
    write_node_toml,
)
from node.home import Home
from node.network.manifest_file import publish_manifest
from node.network.ports import free_ports
from node.network.trust_material import TrustMaterial, trust_material
from node.synapse.render import render_node
from policies.trust.manifest import Manifest, ManifestNode

_RENEW_DAYS = 30
_LOOPBACK = "127.0.0.1"
_BCRYPT_ROUNDS = 4
"""Enough for passwords of 256 random bits, which are the only ones that this network makes; a node outside
development has 12, for the passwords that people choose."""


_UNLIMITED = (
    RateLimitName.JOINS_LOCAL,
    RateLimitName.JOINS_REMOTE,
    RateLimitName.JOINS_PER_ROOM,
    RateLimitName.INVITES_PER_ROOM,
    RateLimitName.INVITES_PER_USER,
    RateLimitName.INVITES_PER_ISSUER,
    RateLimitName.ROOM_CREATION,
    RateLimitName.LOGIN_ADDRESS,
)
"""What one machine does in seconds here, people on many machines do in months elsewhere."""


@dataclass(frozen=True)
class NetworkLayout:
    """A network as it lies in the home: its manifest, its keys, each node's configuration."""

    manifest: Manifest
    material: TrustMaterial
    nodes: Mapping[str, NodeConfig]
    changed: bool
    """Whether anything was written."""


def lay_out_network(
    home: Home,
    *,
    network: str,
    server_names: Mapping[str, str],
    court_account: str,
    now: datetime.datetime,
) -> NetworkLayout:
    """Make what is missing of a development network, and render every node again where it changed.

    `server_names` is region → server name for every region of the policy, also those that are not started
    now: the manifest names them all, so that starting one later changes nothing for the others.
    Raises the NodeError or PolicyError that says which file is in the way.
    """
    material = trust_material(home.network, server_names, now)
    authority = _certificate_authority(home.network, network)
    nodes = _node_configurations(home, server_names, material)
    manifest, signed = publish_manifest(
        home.manifest,
        network=network,
        nodes=tuple(_manifest_node(nodes[region], authority) for region in server_names),
        material=material,
        court_account=court_account,
        now=now,
    )
    changed = signed
    for region, config in nodes.items():
        changed |= _certify(home.node(region), config, authority)
        changed |= render_node(config, manifest, home.node(region))
    return NetworkLayout(manifest, material, nodes, changed)


def _certificate_authority(folder: Path, network: str) -> CertificateAuthority:
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if not certificate.is_file():
        CertificateAuthority.create(network).write(certificate, key)
    return CertificateAuthority.load(certificate, key)


def _node_configurations(
    home: Home, server_names: Mapping[str, str], material: TrustMaterial
) -> dict[str, NodeConfig]:
    nodes = {
        region: read_node_toml(home.node(region) / "node.toml")
        for region in server_names
        if (home.node(region) / "node.toml").is_file()
    }
    missing = [region for region in server_names if region not in nodes]
    taken = {port for config in nodes.values() for port in ports_of(config)}
    ports = iter(free_ports(2 * len(missing), taken=taken))
    for region in missing:
        config = NodeConfig(
            region=region,
            server_name=server_names[region],
            development=True,
            listeners=Listeners(
                client=Listener(_LOOPBACK, next(ports)), federation=Listener(_LOOPBACK, next(ports))
            ),
            network=NetworkFiles(
                manifest="../../network/manifest.json",
                root_public_key=material.root.public_key,
                certificate_authority="../../network/ca.crt",
            ),
            accounts=Accounts(bcrypt_rounds=_BCRYPT_ROUNDS),
            rate_limits=dict.fromkeys(_UNLIMITED, RateLimit(per_second=1000, burst_count=1000)),
        )
        path = private_folder(home.node(region)) / "node.toml"
        write_node_toml(path, config)
        nodes[region] = read_node_toml(path)  # as the next run will: what is rendered is what the file says
    return {region: nodes[region] for region in server_names}


def ports_of(config: NodeConfig) -> Sequence[int]:
    """Return the ports that a node listens on."""
    return (config.listeners.client.port, config.listeners.federation.port)


def _manifest_node(config: NodeConfig, authority: CertificateAuthority) -> ManifestNode:
    return ManifestNode(
        region=config.region,
        server_name=config.server_name,
        host=config.listeners.federation.host,
        port=config.listeners.federation.port,
        ca_sha256=authority.sha256,
    )


def _certify(folder: Path, config: NodeConfig, authority: CertificateAuthority) -> bool:
    certificate, key = folder / "tls.crt", folder / "tls.key"
    if certificate.is_file() and key.is_file() and days_left(read_certificate(certificate)) > _RENEW_DAYS:
        return False
    authority.issue(config.server_name).write(certificate, key)
    return True
