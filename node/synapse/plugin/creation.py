"""What becomes of a user's request to create a room: amended where it can be, refused before anything exists.

A refusal in the middle of the creation would leave half a room behind. So all that the rules say about single
events is applied here first, to the whole request (Matrix client-server API, POST /createRoom).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from node.errors import FenceRefusal
from node.synapse.plugin.rules import (
    ALGORITHM,
    HISTORY,
    LEAST_INVITE_POWER,
    ROOM_VERSION,
    Network,
    State,
    check_state,
    check_users,
    good_encryption,
)
from policies.network.protected_state import SAFETY

_OWNERS_ONLY = 150
"""More than any moderator has: with room version 12 only a room's creators are above it."""
_MADE_BY_THE_SERVER = ("m.room.create", "m.room.member")

Json = dict[str, object]
_Initial = dict[tuple[str, str], Json]


def amend_creation(config: Json, *, sender: str, network: Network) -> None:
    """Change `config`, the body of a /createRoom request of `sender`, into one that the network allows.

    Afterwards the room has version 12, Megolm unless it is a space, no guests, a history for its members, and
    its safety settings in its creators' hands. Raises FenceRefusal for what cannot be amended.
    """
    _check_openness(config)
    _check_invited(config, network)
    _check_alias(config, sender, network)
    creation = _object(config, "creation_content")
    config["creation_content"] = creation
    config["room_version"] = ROOM_VERSION
    creation["room_version"] = ROOM_VERSION
    initial = _initial_state(config)
    _amend_state(initial, space=creation.get("type") == "m.space")
    powers = initial.get(("m.room.power_levels", ""))
    if powers is None:
        config["power_level_content_override"] = _amended_powers(
            _object(config, "power_level_content_override")
        )
    else:  # Synapse takes it as it is, without the override
        initial["m.room.power_levels", ""] = _amended_powers(powers)
    _check_all(config, creation, initial, sender, network)
    config["initial_state"] = [
        {"type": type, "state_key": state_key, "content": content}
        for (type, state_key), content in initial.items()
    ]


def _check_openness(config: Json) -> None:
    public_preset = config.get("preset") == "public_chat"
    if config.get("visibility", "private") != "private" or (
        public_preset and not any(type == "m.room.join_rules" for type, _ in _initial_state(config))
    ):
        raise FenceRefusal(
            "Public rooms are not allowed.",
            why="Whoever is in a room of this network was let in by somebody.",
            remedy="Create a private room and invite its members.",
        )


def _check_invited(config: Json, network: Network) -> None:
    if config.get("invite_3pid"):
        raise FenceRefusal(
            "Nobody can be invited by e-mail address.",
            why="The network has no identity server: an address proves nothing.",
            remedy="Invite by user id.",
        )
    check_users(_list(config, "invite"), network)
    check_users(_list(_object(config, "creation_content"), "additional_creators"), network)


def _check_alias(config: Json, sender: str, network: Network) -> None:
    if config.get("room_alias_name") and sender not in {
        f"@steward:{network.own_server}",
        f"@operator:{network.own_server}",
    }:
        raise FenceRefusal(
            "Room addresses are given by the network's stewards only.",
            why="An address is how the policy finds its rooms again.",
            remedy="Create the room without an address.",
        )


def _amend_state(initial: _Initial, *, space: bool) -> None:
    encryption = initial.pop(("m.room.encryption", ""), None)
    if not space:
        kept = encryption is not None and good_encryption(encryption)
        initial["m.room.encryption", ""] = encryption if encryption and kept else {"algorithm": ALGORITHM}
    initial["m.room.guest_access", ""] = {"guest_access": "forbidden"}
    history = initial.get(("m.room.history_visibility", ""), {}).get("history_visibility")
    initial["m.room.history_visibility", ""] = {
        "history_visibility": history if history in HISTORY else HISTORY[0]
    }


def _amended_powers(powers: Json) -> Json:
    events = _object(powers, "events")
    for type in SAFETY:
        events[type] = max(_power(events.get(type)), _OWNERS_ONLY)
    return {**powers, "events": events, "invite": max(_power(powers.get("invite")), LEAST_INVITE_POWER)}


def _check_all(config: Json, creation: Json, initial: _Initial, sender: str, network: Network) -> None:
    created: State = {("m.room.create", ""): creation}
    wanted: list[tuple[str, str, Json]] = [("m.room.create", "", creation)]
    wanted += [("m.room.name", "", {"name": config["name"]})] if config.get("name") else []
    wanted += [("m.room.topic", "", {"topic": config["topic"]})] if config.get("topic") else []
    for (type, state_key), content in initial.items():
        if type in _MADE_BY_THE_SERVER:
            raise _unreadable(f"initial_state may not have {type}: the server makes it.")
        wanted.append((type, state_key, content))
    for type, state_key, content in wanted:
        check_state(type, state_key, content, sender=sender, state=created, network=network)


def _initial_state(config: Json) -> _Initial:
    """Return `initial_state` by type and state key; of two for one key Synapse takes the last."""
    initial: _Initial = {}
    for entry in _list(config, "initial_state"):
        if not isinstance(entry, Mapping):
            raise _unreadable("an entry of initial_state is not an object.")
        type, state_key, content = entry.get("type"), entry.get("state_key", ""), entry.get("content")
        if not isinstance(type, str) or not isinstance(state_key, str) or not isinstance(content, Mapping):
            raise _unreadable("an entry of initial_state lacks its type or its content.")
        initial[type, state_key] = dict(content)
    return initial


def _object(config: Json, member: str) -> Json:
    value = config.get(member)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _unreadable(f"{member} is not an object.")
    return cast("Json", dict(value))


def _list(config: Json, member: str) -> list[object]:
    value = config.get(member)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _unreadable(f"{member} is not a list.")
    return value


def _power(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _unreadable(why: str) -> FenceRefusal:
    return FenceRefusal(
        "The room cannot be created so.",
        why=f"The request cannot be read: {why}",
        remedy="Correct the request as the Matrix specification says.",
    )
