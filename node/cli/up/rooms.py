"""The spaces and rooms of the policy, made by each region's steward."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping

from bridge.steward import bring_about
from client.session.access import room_requests
from client.session.accounts import Accounts
from client.session.rooms import RoomRequests
from node.home import Home
from policies.network.actions import Action
from policies.network.addresses import Content
from policies.network.directory import with_attestations
from policies.network.network import Network
from policies.network.roles import RoleCode
from policies.network.rooms import desired_rooms
from policies.network.roster import Roster


async def ensure_rooms(
    home: Home,
    network: Network,
    server_names: Mapping[str, str],
    roster: Roster,
    up: Collection[str],
    attestations: Mapping[str, Content],
    working: Callable[[str], None],
) -> tuple[Mapping[str, str], int]:
    """Make the rooms what the policy asks for, as far as the regions in `up` can.

    `attestations`, by user id, are published in the directory. Returns the room ids by policy
    address, and how many changes were made. Raises StewardFailed or RoomsUnreadable.
    """

    def progress(action: Action, over: int, total: int) -> None:
        working(f"rooms: {over} of {total}, {action.address}")

    accounts = Accounts(home.accounts)
    async with contextlib.AsyncExitStack() as stack:
        calls: dict[str, RoomRequests] = {}
        for member in roster:
            if member.region in up and member.role is not RoleCode.OPERATOR:
                account = accounts.find(member.user_id)
                calls[member.user_id] = await stack.enter_async_context(room_requests(account))
        applied = await bring_about(
            with_attestations(desired_rooms(network, server_names, roster), attestations, roster),
            calls,
            up={server_names[region] for region in up},
            progress=progress,
        )
    return applied.room_ids, applied.changes
