"""The part of a plan that brings people into rooms."""

from __future__ import annotations

from collections.abc import Iterator

from policies.network.actions import Invite, Join, create_key, invite_key, join_key
from policies.network.desired import DesiredMember, DesiredRoom
from policies.network.room_kinds import Belonging
from policies.network.situation import Situation


def entries_of_owners(room: DesiredRoom, situation: Situation) -> Iterator[Invite | Join]:
    """Yield the invitations and joins of the stewards who own a room with its creator.

    They come first: with a region's steward in it, everyone else of that region enters without the help of
    another node.
    """
    for member in room.members:
        if member.owner:
            yield from _entry(member, room, situation)


def entries_of_others(room: DesiredRoom, situation: Situation) -> Iterator[Invite | Join]:
    """Yield the invitations and joins of everyone but the owners."""
    for member in room.members:
        if not member.owner:
            yield from _entry(member, room, situation)


def _entry(member: DesiredMember, room: DesiredRoom, situation: Situation) -> Iterator[Invite | Join]:
    current = situation.observed(room)
    membership = None if current is None else current.members.get(member.user_id)
    if membership in ("join", "ban") or (membership == "leave" and not member.owner):
        return
    if not situation.is_up(member.server):
        return
    invited = membership == "invite" or (current is None and member.inviter == room.creator)
    if not invited and member.inviter is not None:
        if not _can_invite(member.inviter, room, situation):
            return  # the inviter comes first, in a later plan
        invited = True
        yield Invite(
            address=room.address,
            room_id=None if current is None else current.room_id,
            actor=member.inviter,
            server=room.server if member.inviter == room.creator else member.server,
            why=f"{member.user_id} belongs here by the roster and is not invited.",
            needs=situation.needs(create_key(room.address), join_key(room.address, member.inviter)),
            user_id=member.user_id,
            before=membership,
        )
    through = room.through
    may_enter = invited or (through is not None and situation.is_inside(through, member.user_id))
    if member.belonging is Belonging.JOIN and may_enter:
        yield Join(
            address=room.address,
            room_id=None if current is None else current.room_id,
            actor=member.user_id,
            server=member.server,
            why=f"{member.user_id} belongs here by the roster.",
            needs=situation.needs(
                create_key(room.address),
                invite_key(room.address, member.user_id),
                *([join_key(through, member.user_id)] if through else []),
                *(join_key(room.address, owner) for owner in _owners_beside(member, room)),
            ),
            via=() if member.server == room.server else (room.server,),
            before=membership,
        )


def _can_invite(inviter: str, room: DesiredRoom, situation: Situation) -> bool:
    return inviter == room.creator or situation.is_inside(room.address, inviter)


def _owners_beside(member: DesiredMember, room: DesiredRoom) -> list[str]:
    """Return the room's owners on a member's own server, whose presence makes joining a local matter."""
    if member.owner:
        return []
    return [other.user_id for other in room.members if other.owner and other.server == member.server]
