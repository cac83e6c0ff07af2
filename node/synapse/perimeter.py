"""The homeserver's perimeter: whom it listens to, whom it speaks to, how it proves itself and heals."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from node.config import NodeConfig
from policies.trust.manifest import Manifest


def perimeter_settings(config: NodeConfig, manifest: Manifest, folder: Path) -> dict[str, object]:
    """Return Synapse's keys for listeners, TLS and the closed federation of the `manifest`."""
    return {
        "listeners": [_client_listener(config), _federation_listener(config)],
        "tls_certificate_path": str(folder / "tls.crt"),
        "tls_private_key_path": str(folder / "tls.key"),
        "federation_domain_whitelist": list(manifest.server_names),
        "federation_whitelist_endpoint_enabled": False,
        "federation_verify_certificates": True,
        # takes the place of the system's authorities: a public certificate for a peer's name is refused
        "federation_custom_ca_list": [str((folder / config.network.certificate_authority).resolve())],
        "federation_client_minimum_tls_version": "1.3",
        "trusted_key_servers": [],
        "ip_range_whitelist": _private_addresses(manifest),
        "allow_public_rooms_over_federation": False,
        "allow_public_rooms_without_auth": False,
        "allow_device_name_lookup_over_federation": False,
        "federation": {
            # after an outage a peer is tried again within seconds or minutes, and never counts as gone
            "client_timeout": "30s",
            "max_long_retries": 1,
            "max_long_retry_delay": "5s",
            "max_short_retries": 2,
            "destination_min_retry_interval": "10s",
            "destination_retry_multiplier": 2,
            "destination_max_retry_interval": "5m",
        },
    }


def _client_listener(config: NodeConfig) -> dict[str, object]:
    client = config.listeners.client
    return {
        "type": "http",
        "port": client.port,
        "bind_addresses": [client.host],
        "tls": False,
        # in development nothing stands in front, and a client must not be able to name its own address
        "x_forwarded": not config.development,
        "resources": [{"names": ["client"]}],
    }


def _federation_listener(config: NodeConfig) -> dict[str, object]:
    federation = config.listeners.federation
    return {
        "type": "http",
        "port": federation.port,
        "bind_addresses": [federation.host],
        "tls": True,
        "resources": [{"names": ["federation"]}],
    }


def _private_addresses(manifest: Manifest) -> list[str]:
    """Return the peers' own addresses that are not public: Synapse refuses loopback and VPNs by default."""
    private = set()
    for node in manifest.nodes:
        try:
            address = ip_address(node.host)
        except ValueError:
            continue  # a host name: its addresses are not known here
        if not address.is_global:
            private.add(f"{address}/{address.max_prefixlen}")
    return sorted(private)
