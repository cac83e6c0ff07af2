"""The room of one request: the issuing organ and the addressees, on their servers only (design section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from client.session.events import InitialState, Json, RoomCreation, StateEvent
from policies.network.protected_state import PROTECTED
from policies.requests.court_request import room_name
from policies.user_id import server_of

MARK = "org.rogatory.request_room"
"""The state event by which the bot finds the room again. The id is opaque: it may be in the clear."""

_OWNER_ONLY = 150
"""Above every level that is given to a person: only the creator, the bot, has more (room version 12)."""


def request_room(request_id: str, bot: str, addressees: Sequence[str]) -> RoomCreation:
    """Return what the room of a request shall be; `bot` and `addressees` are full user ids.

    Nobody is invited by its creation: an invitation that fails would leave a room that nobody knows of.
    History is `invited`, so that the request can be read by who was invited and has not joined yet.
    """
    servers = sorted({server_of(user_id) for user_id in (bot, *addressees)})
    acl: dict[str, Json] = {"allow": list[Json](servers), "deny": [], "allow_ip_literals": False}
    encryption: dict[str, Json] = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "rotation_period_msgs": 50,
        "rotation_period_ms": 86_400_000,
    }
    return RoomCreation(
        name=room_name(request_id),
        initial_state=(
            InitialState(type="m.room.encryption", content=encryption),
            InitialState(type="m.room.history_visibility", content={"history_visibility": "invited"}),
            InitialState(type="m.room.guest_access", content={"guest_access": "forbidden"}),
            InitialState(type="m.room.join_rules", content={"join_rule": "invite"}),
            InitialState(type="m.room.server_acl", content=acl),
            InitialState(type=MARK, content={"request_id": request_id}),
        ),
        power_level_content_override=_powers(),
    )


def find_request_room(
    states: Mapping[str, Sequence[StateEvent]], creation: RoomCreation, bot: str
) -> str | None:
    """Return the room that an earlier attempt at `creation` has left, among the joined rooms' `states`.

    It must be the bot's own and hold all the state that it was to begin with, unchanged. Of several, which an
    interrupted server could leave, it is always the same one.
    """
    fitting = [room_id for room_id, state in states.items() if _is_that_room(state, creation, bot)]
    return min(fitting, default=None)


def _is_that_room(state: Sequence[StateEvent], creation: RoomCreation, bot: str) -> bool:
    there = {(event.type, event.state_key): event for event in state}
    for wanted in creation.initial_state:
        event = there.get((wanted.type, wanted.state_key))
        if event is None or event.sender != bot or event.content != wanted.content:
            return False
    return True


def _powers() -> dict[str, Json]:
    return {
        "ban": 50,
        "events": dict[str, Json](dict.fromkeys((*PROTECTED, MARK), _OWNER_ONLY)),
        "events_default": 0,
        "invite": 50,
        "kick": 50,
        "redact": 50,
        "state_default": _OWNER_ONLY,
        "users": {},
        "users_default": 0,
    }
