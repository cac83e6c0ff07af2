"""The part of a plan that brings people into rooms."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from policies.network.actions import Invite, Join, Witness, create_key, invite_key, join_key
from policies.network.desired import DesiredMember, DesiredRoom
from policies.network.room_kinds import Belonging
from policies.network.situation import Situation


def invited_at_creation(room: DesiredRoom, situation: Situation) -> tuple[str, ...]:
    """Return whom the creation of a room invites: its owners, and those on its own server.

    Each invitation to another server prolongs the creation, and the rooms in a space wait for it: everyone
    else is invited after it. Nobody of a server that is down: that would leave a room half made.
    """
    return tuple(
        member.user_id
        for member in room.members
        if member.invited and _is_first(member, room) and situation.is_up(member.server)
    )


def invitations(room: DesiredRoom, situation: Situation) -> Iterator[Invite]:
    """Yield the invitations that are missing, by the room's creator."""
    for member in room.members:
        membership = _membership(member, room, situation)
        if member.invited and membership not in ("invite", "join") and _is_wanted(member, room, situation):
            current = situation.observed(room)
            yield Invite(
                address=room.address,
                room_id=None if current is None else current.room_id,
                actor=room.creator,
                server=room.server,
                why=f"{member.user_id} belongs here by the roster and is not invited.",
                needs=situation.needs(create_key(room.address)),
                user_id=member.user_id,
                before=membership,
            )


def entries_at_home(room: DesiredRoom, situation: Situation) -> Iterator[Join]:
    """Yield the joins of those on the room's own server: first, while no other server must be told."""
    for member in room.members:
        if member.server == room.server:
            yield from _entry(member, room, situation)


def entries_of_owners(room: DesiredRoom, situation: Situation) -> Iterator[Join]:
    """Yield the joins of the stewards from elsewhere who own the room with its creator, one after another.

    Nothing else may happen in the room meanwhile. A server that joins is told the room's state as the server
    knows it through which it joins; what another one sends at that moment never reaches it, and whatever is
    built on that it must refuse. (Measured with Synapse 1.163: after joins at once, six servers differed for
    good about who is in the room.)
    """
    for member in room.members:
        if member.owner and member.server != room.server:
            for action in _entry(member, room, situation):
                yield msgspec.structs.replace(action, after=situation.planned_in(room))


def entries_from_elsewhere(room: DesiredRoom, situation: Situation) -> Iterator[Witness | Join]:
    """Yield the joins of everyone else: with their region's steward in it, they need no other node.

    Where owners join in this plan, each server first waits until it knows of them all.
    """
    others = [member for member in room.members if not member.owner and member.server != room.server]
    joins = [join for member in others for join in _entry(member, room, situation)]
    waits = {join.server: wait for join in joins for wait in _witness(join.server, room, situation)}
    yield from waits.values()
    for join in joins:
        wait = waits.get(join.server)
        yield msgspec.structs.replace(join, after=(wait.key,)) if wait else join


def _witness(server: str, room: DesiredRoom, situation: Situation) -> Iterator[Witness]:
    owners = [member for member in room.members if member.owner and member.server != room.server]
    inside = [owner for owner in owners if situation.is_inside(room.address, owner.user_id)]
    if not any(join_key(room.address, owner.user_id) in situation.planned for owner in inside):
        return
    current = situation.observed(room)
    for owner in inside:
        if owner.server == server:
            yield Witness(
                address=room.address,
                room_id=None if current is None else current.room_id,
                actor=owner.user_id,
                server=server,
                why=f"{server} must know who is in the room before it sends anything to it.",
                needs=situation.needs(create_key(room.address), join_key(room.address, owner.user_id)),
                after=situation.planned_in(room),
                users=tuple(other.user_id for other in inside),
            )


def _entry(member: DesiredMember, room: DesiredRoom, situation: Situation) -> Iterator[Join]:
    current, through = situation.observed(room), room.through
    membership = _membership(member, room, situation)
    invited = membership == "invite" or invite_key(room.address, member.user_id) in situation.planned
    may_enter = invited or (through is not None and situation.is_inside(through, member.user_id))
    if membership == "join" or member.belonging is not Belonging.JOIN or not may_enter:
        return
    if not _is_wanted(member, room, situation):
        return
    # whoever owns the room on the member's own server makes entering it a local matter
    beside = [one.user_id for one in room.members if one.owner and one.server == member.server]
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
            *(join_key(room.address, owner) for owner in beside if owner != member.user_id),
        ),
        via=() if member.server == room.server else (room.server,),
        before=membership,
    )


def _membership(member: DesiredMember, room: DesiredRoom, situation: Situation) -> str | None:
    """Return a member's membership, as it is or as the room's creation will make it."""
    current = situation.observed(room)
    if current is not None:
        return current.members.get(member.user_id)
    return "invite" if member.user_id in invited_at_creation(room, situation) else None


def _is_wanted(member: DesiredMember, room: DesiredRoom, situation: Situation) -> bool:
    """Tell whether a member should be brought in now: not who was banned, nor who left and owns nothing."""
    membership = _membership(member, room, situation)
    stays_away = membership == "ban" or (membership == "leave" and not member.owner)
    return situation.is_up(member.server) and not stays_away


def _is_first(member: DesiredMember, room: DesiredRoom) -> bool:
    return member.owner or member.server == room.server
