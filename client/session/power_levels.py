"""Who has which power in a room: room version 12 and its creators included (Matrix spec, room versions)."""

from __future__ import annotations

from collections.abc import Mapping

from client.session.events import Json

_VERSIONS_WITHOUT_CREATOR_POWER = frozenset(str(version) for version in range(1, 12))


def creators(create_sender: str, create_content: Mapping[str, Json]) -> frozenset[str]:
    """Return the users whose power has no limit: the sender of m.room.create and `additional_creators`.

    Empty in room versions before 12, where creators hold no more than their power level.
    """
    version = create_content.get("room_version", "1")
    if not isinstance(version, str) or version in _VERSIONS_WITHOUT_CREATOR_POWER:
        return frozenset()
    additional = create_content.get("additional_creators")
    others = [user for user in additional if isinstance(user, str)] if isinstance(additional, list) else []
    return frozenset([create_sender, *others])


def power_level(
    user_id: str, power_levels: Mapping[str, Json] | None, room_creators: frozenset[str]
) -> int | None:
    """Return a user's power level, or None for a creator of a version 12 room: without limit."""
    if user_id in room_creators:
        return None
    if power_levels is None:
        return 0
    users = power_levels.get("users")
    if isinstance(users, dict) and user_id in users:
        return _integer(users[user_id], 0)
    return _integer(power_levels.get("users_default"), 0)


def _integer(value: Json, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
