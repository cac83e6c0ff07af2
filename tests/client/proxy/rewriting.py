"""Rewriting a homeserver's answers as a hostile one would write them itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

from client.session.wire import STATE_AFTER
from tests.client.proxy.rules import Object

EventChange = Callable[[str, Object], Iterable[Object]]
"""Returns what stands in place of an event of a room: nothing, the event, another, several."""


def events(change: EventChange) -> Callable[[Object], Object]:
    """Rewrite the events of the joined rooms in an answer of /sync, state and timeline."""

    def rewrite(answer: Object) -> Object:
        changed = copy.deepcopy(answer)
        for room_id, room in changed.get("rooms", {}).get("join", {}).items():
            for part in ("state", STATE_AFTER, "timeline"):
                if "events" in room.get(part, {}):
                    room[part]["events"] = [
                        made for event in room[part]["events"] for made in change(room_id, event)
                    ]
        return changed

    return rewrite


def without_to_device(answer: Object) -> Object:
    """Drop what other devices sent."""
    return {name: part for name, part in answer.items() if name != "to_device"}


def without_state(type: str) -> EventChange:
    """Drop one type of state."""
    return lambda _, event: () if event["type"] == type and "state_key" in event else (event,)
