"""What a room says of the keys of its messages: when they are changed, and who may have them."""

from __future__ import annotations

import msgspec

from client.session.events import Content

MOST_MESSAGES = 50
LONGEST_MILLISECONDS = 24 * 3600 * 1000


class RoomRules(msgspec.Struct, frozen=True):
    """A room's own settings, within ours.

    `messages` and `milliseconds` say when the session is changed at the latest. It is changed too when
    `history_visibility` is: what was said under one rule stays under it. In a room that is `sealed` only
    verified or attested users get a key (design section 6.4). `comparing`: the message is one of a
    verification, which says nothing and is to reach those whom nothing else is sent to.
    """

    messages: int = MOST_MESSAGES
    milliseconds: int = LONGEST_MILLISECONDS
    history_visibility: str = ""
    sealed: bool = False
    comparing: bool = False

    @classmethod
    def of_room(cls, encryption: Content, history_visibility: str, *, sealed: bool) -> RoomRules:
        """Read a room's `m.room.encryption`: its values where they are stricter than ours, and sane."""
        messages, period = encryption.get("rotation_period_msgs"), encryption.get("rotation_period_ms")
        return cls(
            max(1, min(messages, MOST_MESSAGES)) if isinstance(messages, int) else MOST_MESSAGES,
            max(1, min(period, LONGEST_MILLISECONDS)) if isinstance(period, int) else LONGEST_MILLISECONDS,
            history_visibility,
            sealed,
        )
