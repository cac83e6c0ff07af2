"""The directory: the room whose state says who holds which function, by signed attestations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from policies.network.addresses import Content
from policies.network.desired import DesiredRoom, DesiredState
from policies.network.roles import RoleCode
from policies.network.roster import FunctionAccount, Roster, steward_of
from policies.trust.attestation import EVENT_TYPE, attestation_state_key

DIRECTORY = "network/directory"
"""The address of the room in which attestations are published."""

_ATTESTED = frozenset({RoleCode.FOCAL_POINT, RoleCode.MODERATOR, RoleCode.COURT})


def is_attested(account: FunctionAccount) -> bool:
    """Tell whether an account is of those whom their region attests: people and organs, not machinery."""
    return account.role in _ATTESTED


def with_attestations(
    desired: Sequence[DesiredRoom], contents: Mapping[str, Content], roster: Roster
) -> tuple[DesiredRoom, ...]:
    """Return the rooms, the directory with the signed attestations in its state (`contents` by user id).

    A new directory begins with them; later each region's steward publishes what that region says.
    Raises NoSteward.
    """
    regions = {account.user_id: account.region for account in roster}
    state = tuple(
        DesiredState(
            type=EVENT_TYPE,
            state_key=attestation_state_key(user_id),
            content=content,
            writer=steward_of(roster, regions[user_id]).user_id,
        )
        for user_id, content in sorted(contents.items())
    )
    return tuple(
        msgspec.structs.replace(room, state=(*room.state, *state)) if room.address == DIRECTORY else room
        for room in desired
    )
