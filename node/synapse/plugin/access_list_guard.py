"""Makes the homeserver follow the network's own server access lists only, and take no notice of foreign ones.

A co-creator on a hostile node is entitled to send any m.room.server_acl, and it becomes the room's state. To
hide that event (as a spam check can) is worse than to let it in: the emptied list enters the state by state
resolution and shuts everybody out, at the next restart of the homeserver at the latest. So the event is let
in, where every honest steward sees it and puts it right, and until then the list has no effect here.
"""

from __future__ import annotations

from synapse.api.errors import AuthError
from synapse.events import EventBase
from synapse.federation.federation_server import FederationServer

from node.errors import FenceRefusal
from node.synapse.plugin.access_list import check_access_list
from node.synapse.plugin.rules import Network


def guard_access_lists(network: Network) -> None:
    """Change how Synapse asks, from now on in this process, whether a peer is shut out of a room."""
    ask = FederationServer.check_server_matches_acl

    async def check_server_matches_acl(self: FederationServer, server_name: str, room_id: str) -> None:
        try:
            await ask(self, server_name, room_id)
        except AuthError:  # only then is the list looked at more closely: the ordinary case costs nothing
            state = self._storage_controllers.state
            present = await state.get_current_hosts_in_room(room_id)
            found = await state.get_current_state_event(room_id, "m.room.server_acl", "")
            if _shuts_out(server_name, found, frozenset(present), network):
                raise

    FederationServer.check_server_matches_acl = check_server_matches_acl  # type: ignore[method-assign] # no setting


def _shuts_out(server_name: str, found: EventBase | None, present: frozenset[str], network: Network) -> bool:
    """Tell whether a room's present list is one of the network's, and leaves the server out."""
    if found is None:
        return False
    content = dict(found.content)
    try:
        check_access_list(content, present=present, servers=network.servers, own_server=network.own_server)
    except FenceRefusal:
        return False
    return server_name not in content["allow"]
