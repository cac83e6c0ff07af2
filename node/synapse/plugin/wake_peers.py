"""A few signed requests to each peer when this node comes up.

A peer that found us down waits up to minutes before it tries again, unless it hears from us: any signed
request of ours makes it send at once what has queued up.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from synapse.api.errors import HttpResponseException, RequestSendFailed
from synapse.logging.context import make_deferred_yieldable
from synapse.module_api import ModuleApi
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Factory, Protocol

from policies.trust.manifest import ManifestNode

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 3
_AFTER_MILLISECONDS = (0, 1_000, 2_000, 4_000, 8_000, 16_000)
"""When the peers are woken. Modules are loaded before the listeners open; a delay of nothing is the loop's
next turn, after them. Again later, because a peer that was just failing to reach us takes note of that only
after our first word, and would then wait for up to a minute (seen: 48 seconds)."""


def wake_peers(api: ModuleApi, peers: Sequence[ManifestNode]) -> None:
    """Once the listeners are up, ask each peer for the keys of nobody: signed, cheap, always answered."""
    api.delayed_background_call(0, _begin, api, peers, desc="rogatory_wake_peers")


async def _begin(api: ModuleApi, peers: Sequence[ManifestNode]) -> None:
    if not await api._hs.get_datastores().main.get_room_count():
        return  # a node's first start: it was never in a room, so nobody has anything for it
    for peer in peers:
        for milliseconds in _AFTER_MILLISECONDS:
            api.delayed_background_call(milliseconds, _wake, api, peer, desc="rogatory_wake_peer")


async def _wake(api: ModuleApi, peer: ManifestNode) -> None:
    if not await _listens(api, peer):
        # a peer that is down wakes us when it comes up; a failed request would make us wait for it instead
        return
    try:
        await api._hs.get_federation_http_client().post_json(
            peer.server_name,
            "/_matrix/federation/v1/user/keys/query",
            data={"device_keys": {}},
            ignore_backoff=True,
        )
    except (HttpResponseException, RequestSendFailed) as error:
        logger.warning("Rogatory: %s could not be woken: %s", peer.server_name, error)


async def _listens(api: ModuleApi, peer: ManifestNode) -> bool:
    endpoint = HostnameEndpoint(api._hs.get_reactor(), peer.host, peer.port, timeout=_CONNECT_SECONDS)
    factory = IProtocolFactory(Factory.forProtocol(Protocol))
    try:
        connection = await make_deferred_yieldable(endpoint.connect(factory))
    except (ConnectError, OSError):
        return False
    connection.transport.loseConnection()
    return True
