"""What a room is, reduced from its state: our own reducer, for room version 12 and its creators too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from client.session.crypto.olm_account import MEGOLM
from client.session.crypto.room_rules import RoomRules
from client.session.events import Content, Json, Membership, RoomMember, RoomSummary, StateEvent
from client.session.rooms import room_members

SEALED = "org.rogatory.sealed"
"""The state event that seals a room, whatever it says: only a room's owners may send state of this type."""


@dataclass
class RoomState:
    """One room as this account sees it.

    `encryption` and `sealed` are set once and for ever (design section 7).
    """

    room_id: str
    membership: Membership
    encryption: Content | None = None
    unread: int = 0
    last_activity: int = 0
    sealed: bool = False
    state: dict[tuple[str, str], StateEvent] = field(default_factory=dict)

    def apply(self, event: StateEvent) -> None:
        """Take in a state event that replaces the one of the same type and key."""
        self.state[event.type, event.state_key] = event
        if event.type == "m.room.encryption" and event.state_key == "":
            self._note_encryption(event.content)
        if event.type == SEALED and event.state_key == "":
            self.sealed = True

    @property
    def rules(self) -> RoomRules:
        """What it says of the keys of its messages."""
        visibility = self.content("m.room.history_visibility").get("history_visibility")
        return RoomRules.of_room(self.encryption or {}, _text(visibility) or "", sealed=self.sealed)

    @property
    def encrypted(self) -> bool:
        """Whether messages may be sent: the room was seen to be encrypted in the one way we use."""
        return self.encryption is not None and self.encryption.get("algorithm") == MEGOLM

    def content(self, type: str, state_key: str = "") -> Mapping[str, Json]:
        """Return the content of a piece of state, empty where there is none."""
        event = self.state.get((type, state_key))
        return event.content if event else {}

    def member(self, user_id: str) -> StateEvent | None:
        """Return what was last said of a user's membership, None where nothing was."""
        return self.state.get(("m.room.member", user_id))

    def members(self) -> tuple[RoomMember, ...]:
        """Return everyone with a membership, with their power."""
        return room_members(tuple(self.state.values()))

    def users(self, *memberships: Membership) -> list[str]:
        """Return the user ids of those who have one of `memberships`."""
        return [
            key
            for (type, key), event in self.state.items()
            if type == "m.room.member" and event.content.get("membership") in memberships
        ]

    def audience(self) -> list[str]:
        """Return who may read what is sent now: those who joined, and who is invited where they may read it.

        Under history visibility `joined` the invited get nothing before they join (Matrix spec, rooms).
        """
        if self.content("m.room.history_visibility").get("history_visibility") == "joined":
            return self.users(Membership.JOIN)
        return self.users(Membership.JOIN, Membership.INVITE)

    def summary(self, own_user_id: str) -> RoomSummary:
        """Return the room as a list shows it."""
        own = self.state.get(("m.room.member", own_user_id))
        alias = _text(self.content("m.room.canonical_alias").get("alias"))
        return RoomSummary(
            room_id=self.room_id,
            name=self._name(own_user_id, alias),
            topic=_text(self.content("m.room.topic").get("topic")),
            membership=self.membership,
            encrypted=self.encrypted,
            sealed=self.sealed,
            is_space=self.content("m.room.create").get("type") == "m.space",
            unread=self.unread,
            last_activity=self.last_activity,
            canonical_alias=alias,
            inviter=own.sender if own and self.membership is Membership.INVITE else None,
            children=tuple(self._children()),
        )

    def names(self, own_user_id: str) -> tuple[str, ...]:
        """Return what the room may be called by: its name as a list shows it, and its alias."""
        alias = _text(self.content("m.room.canonical_alias").get("alias"))
        name = self._name(own_user_id, alias)
        return (name,) if alias in (None, name) else (name, alias or "")

    def _name(self, own_user_id: str, alias: str | None) -> str:
        name = _text(self.content("m.room.name").get("name"))
        if name or alias:
            return name or alias or ""
        others = [
            _text(self.content("m.room.member", user).get("displayname")) or user
            for user in self.users(Membership.JOIN, Membership.INVITE)
            if user != own_user_id
        ]
        return ", ".join(sorted(others)[:3]) or self.room_id

    def _children(self) -> Iterable[str]:
        for (type, key), event in self.state.items():
            if type == "m.space.child" and isinstance(event.content.get("via"), list):
                yield key

    def _note_encryption(self, content: Content) -> None:
        # Once encrypted, always: a later event may only change the rotation, not the algorithm.
        if not self.encrypted or content.get("algorithm") == MEGOLM:
            self.encryption = content


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
