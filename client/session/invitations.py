"""Invitations: those to others, which count from when they are made, and those to us that are welcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable

from client.session.errors import HomeserverRefused, HomeserverUnreachable, NotAllowed
from client.session.events import Membership, RoomSummary, StateEvent
from client.session.room_state import RoomState
from client.session.rooms import RoomRequests
from client.session.store.room_store import RoomStore
from client.session.store.sqlcipher import Database

Welcome = Callable[[RoomSummary], bool]
"""Decides whether an invitation is accepted without asking."""
Begin = Callable[[Coroutine[None, None, None]], None]
"""Starts a task that the opener of the session owns."""


class Invitations:
    """The invitations of one account, `own`, in the process that holds its store."""

    def __init__(
        self,
        db: Database,
        rooms: RoomStore,
        requests: RoomRequests,
        own: str,
        welcome: Welcome,
        begin: Begin,
        changed: Callable[[str], None],
    ) -> None:
        self._db = db
        self._rooms = rooms
        self._requests = requests
        self._own = own
        self._welcome = welcome
        self._begin = begin
        self._changed = changed
        self._joining: set[str] = set()

    async def invite(self, room: RoomState, user_id: str) -> None:
        """Invite a user to a room, and count them among the invited from then on; see `face.Session`.

        The sync may tell of it only after the next message has gone. What it has told meanwhile, as that the
        invited has joined already, stands.
        """
        before = room.member(user_id)
        try:
            await self._requests.invite(room.room_id, user_id)
        except NotAllowed as refusal:
            raise NotAllowed(
                f"{user_id} was not invited to {room.room_id}.",
                why=refusal.why,
                remedy="Ask a moderator of the room, if they should be in it.",
                status=refusal.status,
                errcode=refusal.errcode,
            ) from None
        if room.member(user_id) is not before:
            return
        invited = StateEvent(
            type="m.room.member",
            state_key=user_id,
            sender=self._own,
            event_id="",
            content={"membership": Membership.INVITE.value},
        )
        with self._db.atomic():
            self._rooms.apply(self._rooms.changing(room.room_id, room.membership), invited)
            self._rooms.save_changes()
        self._changed(room.room_id)

    def accept_welcome(self, room_ids: Iterable[str]) -> None:
        """Begin to join those of some rooms to which the account is invited by who is welcome."""
        for room_id in room_ids:
            room = self._rooms.get(room_id)
            if room is None or room.membership is not Membership.INVITE or room_id in self._joining:
                continue
            if self._welcome(room.summary(self._own)):
                self._joining.add(room_id)
                self._begin(self._accept(room_id))

    async def _accept(self, room_id: str) -> None:
        """Join a room that is welcome, trying again while its servers cannot be reached."""
        pause = 0.2
        try:
            while (room := self._rooms.get(room_id)) and room.membership is Membership.INVITE:
                try:
                    await self._requests.join(room_id, self._servers(room))
                    return
                except HomeserverRefused as refusal:
                    if refusal.status < 500:
                        return  # withdrawn, or not for us: the invitation stays to be seen
                except HomeserverUnreachable:
                    pass
                await asyncio.sleep(pause)
                pause = min(pause * 2, 30)
        finally:
            self._joining.discard(room_id)

    def _servers(self, room: RoomState) -> list[str]:
        inviter = room.summary(self._own).inviter
        return [inviter.partition(":")[2]] if inviter else []
