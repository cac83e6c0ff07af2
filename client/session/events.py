"""What crosses the border of the session: values, never nio's or vodozemac's types."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
else:
    Json = Any  # msgspec, which reads annotations at run time, refuses a type that names itself
"""A decoded JSON value."""


ENCRYPTED = "m.room.encrypted"
"""The type of an event that could not be decrypted."""
NO_KEY = "Its key has not arrived."
KEY_BEGINS_LATER = "The key we have does not open it; it may begin later than this message."
REDACTED = "It was redacted."
"""The reason why there is nothing in an event any more."""


class Trust(enum.StrEnum):
    """How far an event's sender may be believed (design section 12), best first."""

    ATTESTED = "attested"
    VERIFIED = "verified"
    PINNED = "pinned"
    UNSIGNED_DEVICE = "unsigned-device"
    IDENTITY_CHANGED = "identity-changed"
    MISMATCHED_SENDER = "mismatched-sender"
    UNDECRYPTABLE = "undecryptable"


class Membership(enum.StrEnum):
    """A user's membership of a room (Matrix spec, m.room.member)."""

    INVITE = "invite"
    JOIN = "join"
    KNOCK = "knock"
    LEAVE = "leave"
    BAN = "ban"


class Connection(enum.StrEnum):
    """What the session can say of its connection to the homeserver."""

    STARTING = "starting"
    LIVE = "live"
    OFFLINE = "offline"
    LOGGED_OUT = "logged-out"
    """The homeserver no longer accepts this device. What is stored stays readable; nothing more comes."""
    CATCHING_UP = "catching-up"


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a room's timeline, decrypted where it could be.

    `position` orders events within this store (opaque, larger is later). `sent_at` is the sender's server's
    claim, in milliseconds since 1970 UTC. `type` and `content` are those of the decrypted event; of an
    undecryptable one `type` is `m.room.encrypted`, `body` is None and `reason` says why in one sentence.
    """

    position: int
    room_id: str
    event_id: str
    sender: str
    sent_at: int
    type: str
    content: dict[str, Json]
    body: str | None
    trust: Trust
    reason: str | None = None


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """One message that a search has found.

    Where its sender has replaced the text, `body` is the newest; the other fields are those of the message
    that was replaced. `position` is that of its TimelineEvent.
    """

    position: int
    room_id: str
    event_id: str
    sender: str
    sent_at: int
    body: str
    trust: Trust


class RoomSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One room or space as a list shows it. `children` are room ids (m.space.child), spaces only.

    In a `sealed` room only verified or attested members get the key of a message.
    """

    room_id: str
    name: str
    topic: str | None
    membership: Membership
    encrypted: bool
    is_space: bool
    unread: int
    last_activity: int
    canonical_alias: str | None = None
    inviter: str | None = None
    sealed: bool = False
    children: tuple[str, ...] = ()


class RoomMember(msgspec.Struct, frozen=True, kw_only=True):
    """One member of a room. `power_level` is None for a creator of a version 12 room: without limit."""

    user_id: str
    display_name: str | None
    membership: Membership
    power_level: int | None


class StateEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a room's current state."""

    type: str
    state_key: str
    sender: str
    event_id: str
    content: dict[str, Json]


class SentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What the server has accepted."""

    room_id: str
    event_id: str


class SavedFile(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as it was saved: where, its bytes, and their SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


class OwnDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One device of the account.

    `last_seen_at` is the homeserver's claim, in milliseconds since 1970 UTC. `cross_signed`: the account's
    identity vouches for it, so that others read it and write to it. `is_this`: the session is on it.
    """

    device_id: str
    name: str | None
    last_seen_at: int | None
    cross_signed: bool
    is_this: bool


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a room's timeline where something is still to be fetched: after the event at `position`.

    At 0 it is before all that is stored. `trouble` says why it is not being fetched now, None where it is.
    """

    room_id: str
    position: int
    trouble: str | None = None


class QueuedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the server has not accepted: it waits, or `failure` says why it was given up.

    `remedy` says what to do about that; `queued_at` is in milliseconds since 1970 UTC.
    """

    transaction_id: str
    room_id: str
    type: str
    content: dict[str, Json]
    queued_at: int
    failure: str | None = None
    remedy: str | None = None


class InitialState(msgspec.Struct, frozen=True, kw_only=True):
    """A state event that a new room begins with."""

    type: str
    content: dict[str, Json]
    state_key: str = ""


class RoomCreation(msgspec.Struct, frozen=True, kw_only=True):
    """What a new room shall be (POST /createRoom). Room version 12 is fixed; see design section 5.

    `alias_localpart` makes the creation repeatable: the server refuses a second one with the same alias.
    """

    name: str | None = None
    topic: str | None = None
    is_space: bool = False
    alias_localpart: str | None = None
    additional_creators: tuple[str, ...] = ()
    invite: tuple[str, ...] = ()
    initial_state: tuple[InitialState, ...] = ()
    power_level_content_override: dict[str, Json] = {}


class ConnectionChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The session's connection changed, or what it still has to take in did.

    While catching up `remaining` events of the `total` that are known of are still to be taken in, and of
    `rooms` rooms there is more to fetch, nobody knows how much.
    """

    connection: Connection
    remaining: int = 0
    total: int = 0
    rooms: int = 0


class RoomChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A room is no longer what it was: name, membership, unread count, members, gaps, queued messages."""

    room_id: str


Update = TimelineEvent | RoomChanged | ConnectionChanged
"""What a running session tells its followers. A TimelineEvent may come again, decrypted later."""

Content = Mapping[str, Json]
"""The content of an event about to be sent."""

TransferProgress = Callable[[int, int | None], None]
"""Told of a file on its way: the bytes that are done, and of how many, None where that was not announced."""
