"""The Synapse module that knows where the peers are: the manifest instead of DNS.

A server name as `africa.rogatory.test` exists in no DNS. Synapse would ask https://NAME/.well-known first and
an SRV record then; both answers are given here, so that nothing outside the network can redirect, delay or
see the federation. TLS still checks each peer's name against the network's authority.
"""

from __future__ import annotations

from collections.abc import Iterable

from synapse.http.federation.srv_resolver import SERVER_CACHE, Server
from synapse.http.federation.well_known_resolver import WellKnownLookupResult, WellKnownResolver
from synapse.module_api import ModuleApi

from node.synapse.plugin.configured import manifest_or_stop
from node.synapse.plugin.no_directory import keep_no_directory
from node.synapse.plugin.wake_peers import wake_peers
from node.synapse.plugin.whole_joins import join_with_whole_state
from policies.trust.manifest import Manifest, ManifestNode

_NEVER = 2**40
"""When an entry expires, in seconds since 1970: Synapse then never looks it up again."""


class PeerTable:
    """Loaded by Synapse; `config` is what homeserver.yaml says, verified by `parse_config`."""

    def __init__(self, config: Manifest, api: ModuleApi) -> None:
        peers = [node for node in config.nodes if node.server_name != api.server_name]
        fill_peer_table(peers)
        wake_peers(api, peers)
        join_with_whole_state()
        keep_no_directory()

    @staticmethod
    def parse_config(config: dict[str, object]) -> Manifest:
        """Verify the manifest; what is raised here stops Synapse's start."""
        return manifest_or_stop(config)


def fill_peer_table(peers: Iterable[ManifestNode]) -> None:
    """Answer Synapse's look-ups for `peers` from now on in this process."""
    names = set()
    for peer in peers:
        name = peer.server_name.encode()
        names.add(name)
        server = Server(host=peer.host.encode(), port=peer.port, expires=_NEVER)
        SERVER_CACHE[b"_matrix-fed._tcp." + name] = [server]

    look_up = WellKnownResolver.get_well_known

    async def get_well_known(self: WellKnownResolver, server_name: bytes) -> WellKnownLookupResult:
        if server_name in names:
            return WellKnownLookupResult(delegated_server=None)
        return await look_up(self, server_name)

    WellKnownResolver.get_well_known = get_well_known  # type: ignore[method-assign] # there is no setting for it
