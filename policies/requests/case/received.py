"""A message as a session received it, decrypted: what answers and steps arrive in."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from policies.trust.times import UtcTime


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One decrypted `m.room.message`.

    `sender` is its Matrix sender, `sent_at` its `origin_server_ts`: both are the same for everyone in the
    room, so that everyone comes to the same case. `content` is untouched.
    """

    event_id: str
    sender: str
    room_id: str
    sent_at: UtcTime
    content: Mapping[str, object]
