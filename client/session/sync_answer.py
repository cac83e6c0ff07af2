"""The answer to /sync, read so that one malformed part costs no other (Matrix spec, "Syncing").

Every part stays raw bytes until it is its turn.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from client.session.foreign_json import mended
from client.session.wire import STATE_AFTER

ABSENT = msgspec.Raw(b"null")
"""What a part that was left out reads as. (msgspec knows no union of Raw and None.)"""
_NOTHING = msgspec.Raw(b"{}")
_Part = TypeVar("_Part")


class SyncAnswer(msgspec.Struct):
    """The top level. Without `next_batch` there is nothing to go on from, and the answer is refused."""

    next_batch: str
    rooms: msgspec.Raw = _NOTHING
    to_device: msgspec.Raw = _NOTHING
    device_lists: msgspec.Raw = _NOTHING
    device_one_time_keys_count: msgspec.Raw = ABSENT
    device_unused_fallback_key_types: msgspec.Raw = ABSENT


class Rooms(msgspec.Struct):
    """The rooms of an answer, by membership."""

    join: msgspec.Raw = _NOTHING
    invite: msgspec.Raw = _NOTHING
    knock: msgspec.Raw = _NOTHING
    leave: msgspec.Raw = _NOTHING


class Events(msgspec.Struct):
    """A list of events, each raw."""

    events: list[msgspec.Raw] = []


class RoomTimeline(msgspec.Struct):
    """A piece of a timeline; `limited` says that something is missing before it."""

    events: list[msgspec.Raw] = []
    limited: bool = False


class Unread(msgspec.Struct):
    """What the server counts as unread."""

    notification_count: int = 0


class SyncedRoom(msgspec.Struct):
    """A joined or left room in an answer."""

    state: msgspec.Raw = _NOTHING
    timeline: msgspec.Raw = _NOTHING
    unread_notifications: msgspec.Raw = _NOTHING
    state_after: msgspec.Raw = msgspec.field(default=ABSENT, name=STATE_AFTER)

    def parts_with_state(self) -> tuple[msgspec.Raw, ...]:
        """Return the parts whose events make up the room's state, in order.

        What two servers wrote at once stands in the timeline one after the other, as if the later had
        replaced the earlier: a member who left can seem to have joined. So where the server says what state
        came of it (MSC4222), that counts alone; the state before, and then the timeline, elsewhere.
        """
        told = bytes(self.state_after) != bytes(ABSENT)
        return (self.state_after,) if told else (self.state, self.timeline)


class InvitedRoom(msgspec.Struct):
    """An invitation, or a knock of ours, in an answer."""

    invite_state: msgspec.Raw = _NOTHING
    knock_state: msgspec.Raw = _NOTHING


class DeviceLists(msgspec.Struct):
    """Whose devices changed, and who shares no encrypted room with us any more."""

    changed: list[str] = []
    left: list[str] = []


class WireEvent(msgspec.Struct):
    """An event of a timeline."""

    type: str
    sender: str
    event_id: str
    origin_server_ts: int
    content: msgspec.Raw
    state_key: str | None = None
    redacts: str | None = None


class StrippedEvent(msgspec.Struct):
    """An event as an invitation shows it: without an id."""

    type: str
    sender: str
    state_key: str
    content: msgspec.Raw


def read(raw: msgspec.Raw, type: type[_Part], otherwise: _Part) -> _Part:
    """Return a part decoded, or `otherwise` when it is malformed; what is too deep costs only itself."""
    try:
        return msgspec.json.decode(raw, type=type)
    except RecursionError:
        return read(msgspec.Raw(mended(bytes(raw))), type, otherwise)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return otherwise


def rooms_in(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Return the rooms of one membership."""
    return read(raw, dict[str, msgspec.Raw], {})
