"""The way of one request from the register to its addressees: room, invitations, signature, event.

Every step is recorded before the next begins, and each can be taken again, so that a request is finished
wherever the bot was killed, without a second room and without a second event.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable

from bridge.court_calls import CourtRooms, CourtSession
from bridge.observation import memberships
from bridge.register import Register
from bridge.register_event import EventKind
from bridge.request_record import RequestRecord
from bridge.request_room import find_request_room, request_room
from bridge.sending import send_recorded
from client.session.errors import HomeserverRefused, HomeserverUnreachable, LimitExceeded, UnknownRoom
from client.session.events import Content
from policies.trust import canonical_json

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.02
"""Seconds. Mostly the session has only not heard of the new room yet, and does in a moment."""
_INVITED = frozenset({"invite", "join"})

Compose = Callable[[RequestRecord, str], dict[str, object]]
"""Signs a request for the room of that id, and returns the content of its message."""


class Delivery:
    """Takes requests on their way. `poll` is how many seconds lie at most between two looks at who reads."""

    def __init__(
        self, session: CourtSession, rooms: CourtRooms, register: Register, compose: Compose, poll: float
    ) -> None:
        self._session = session
        self._rooms = rooms
        self._register = register
        self._compose = compose
        self._poll = poll

    async def open_room(self, record: RequestRecord, *, look_first: bool) -> RequestRecord:
        """Create the request's room and record it.

        With `look_first`, a room that an attempt before this one has made and not recorded is taken instead.
        """
        creation = request_room(record.request_id, self._session.user_id, record.addressees)
        room_id = None
        if look_first:
            states = await self._rooms.all_joined_states()
            room_id = find_request_room(states, creation, self._session.user_id)
        if room_id is None:
            room_id = await self._rooms.create_room(creation)
        return self._register.append(EventKind.ROOM_OPENED, record.request_id, {"room_id": room_id})

    async def finish(self, record: RequestRecord, patience: float) -> RequestRecord:
        """Post a request that has its room as soon as its addressees can read it.

        Returns it as it stands then, or after `patience` seconds. Raises SessionErrors.
        """
        room_id = record.room_id or ""
        if record.content is None:
            record, readable = await self._wait(record, room_id, patience)
            if not readable:
                return record
            content = canonical_json.encode(self._compose(record, room_id)).decode()
            record = self._register.append(EventKind.SIGNED, record.request_id, {"content": content})
        if record.event_id is None:
            event_id = await self._post(record, room_id)
            record = self._register.append(EventKind.POSTED, record.request_id, {"event_id": event_id})
        return self._register.append(
            EventKind.DELIVERED, record.request_id, {"addressees": list(record.addressees)}
        )

    async def _wait(self, record: RequestRecord, room_id: str, patience: float) -> tuple[RequestRecord, bool]:
        """Invite who is not invited yet, and wait until a device of each addressee would get the room key."""
        deadline = asyncio.get_running_loop().time() + patience
        pause = min(_FIRST_PAUSE, self._poll)
        while True:
            record = await self._invite(record, room_id)
            if not record.waiting and set(record.addressees) <= await self._readers(room_id):
                return record, True
            if asyncio.get_running_loop().time() >= deadline:
                return record, False
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._poll)

    async def _invite(self, record: RequestRecord, room_id: str) -> RequestRecord:
        if not record.waiting:
            return record
        there = memberships(await self._rooms.state(room_id))
        for user_id in record.waiting:
            if there.get(user_id) in _INVITED or await self._invited(room_id, user_id):
                record = self._register.append(EventKind.INVITED, record.request_id, {"user_id": user_id})
        return record

    async def _invited(self, room_id: str, user_id: str) -> bool:
        """Invite an addressee; False when their server does not answer, which another attempt may mend."""
        try:
            await self._rooms.invite(room_id, user_id)
        except (HomeserverUnreachable, LimitExceeded) as error:
            _log.info("An invitation waits: %s", error.why)
            return False
        except HomeserverRefused as refusal:
            if refusal.status < 500:
                raise
            _log.info("An invitation waits: %s", refusal.why)
            return False
        return True

    async def _readers(self, room_id: str) -> frozenset[str]:
        try:
            return await self._session.readers(room_id)
        except UnknownRoom:
            return frozenset()  # the session has not yet heard of the room that was just made

    async def _post(self, record: RequestRecord, room_id: str) -> str:
        """Send what was signed. The transaction id is the request's: however often, it is one event."""
        content: Content = json.loads(record.content or "")
        transaction_id = f"org.rogatory.request.{record.request_id}"
        return (await send_recorded(self._session, room_id, content, transaction_id)).event_id
