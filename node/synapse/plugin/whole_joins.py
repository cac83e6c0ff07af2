"""Joins that bring a room's whole state at once.

Synapse joins a room of other servers with a part of its state first, and asks for the members later. That is
for rooms of tens of thousands. Here it would only mean that a server does not know for a while who is in a
room, while its users already write to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from synapse.api.room_versions import RoomVersion
from synapse.events import EventBase
from synapse.federation.federation_client import FederationClient, SendJoinResult


def join_with_whole_state() -> None:
    """Change how Synapse asks a peer to let one of our users into a room, from now on in this process."""
    ask = FederationClient.send_join

    async def send_join(
        self: FederationClient,
        destinations: Iterable[str],
        pdu: EventBase,
        room_version: RoomVersion,
        partial_state: bool = False,  # noqa: ARG001 # the caller's choice, which is not followed
    ) -> SendJoinResult:
        return await ask(self, destinations, pdu, room_version, partial_state=False)

    FederationClient.send_join = send_join  # type: ignore[method-assign] # there is no setting for it
