"""The cases in the rooms of one account: found, reduced from its own store's timeline, and answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from client.session.events import Connection, ConnectionChanged, Json, Membership, SentEvent
from client.session.face import Session
from client.views.answer_file import AnswerFile
from client.views.case_messages import room_messages
from client.views.safe_text import single_line
from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.case import Case
from policies.requests.case.compose import draft_answer, signed_answer
from policies.requests.case.details_file import AnswerDetails
from policies.requests.case.envelope import signed_sha256, transaction_name
from policies.requests.case.received import Received
from policies.requests.case.reduce import reduce_case
from policies.requests.case.standing import Standing
from policies.requests.court_request import is_room_name
from policies.requests.errors import CaseNotOpened, CommunicationRefused
from policies.requests.wire import read_request
from policies.trust.manifest import Manifest

_UNSENT = "$unsent"
"""Stands for the event id of an answer that is tried before it is sent."""
_PATIENCE = 20.0
"""Seconds that a verb waits for rooms that are just being joined or caught up with."""
_WITHOUT_SERVER = (Connection.OFFLINE, Connection.LOGGED_OUT)


class SessionCases:
    """The cases in the rooms of one account's session, reduced from its own store's timeline."""

    def __init__(self, session: Session, manifest: Manifest) -> None:
        self._session = session
        self._manifest = manifest

    async def all(self) -> list[Case]:
        """Return the cases of the joined rooms in which a request holds, oldest first.

        What is on its way is waited for: rooms that are just being joined, and what is missing of them.
        """
        await self._settle()
        found = [case for room_id in await self._rooms() if (case := await self.case(room_id))]
        return sorted(found, key=lambda case: (case.request.issued_at, case.request.id))

    async def find(self, request_id: str) -> Case:
        """Return the case of a request. Raises CaseNotOpened."""
        for case in await self.all():
            if case.request.id == request_id:
                return case
        raise CaseNotOpened(
            f"There is no request {single_line(request_id)} for {self._session.user_id}.",
            why="No room that the account has joined holds a request of the Court with that id.",
            remedy="See `rogatory request list`; the account may not have joined the room yet.",
        )

    async def case(self, room_id: str) -> Case | None:
        """Return the case of a room, None where no request holds."""
        try:
            return await self.reduced(room_id)
        except CaseNotOpened:
            return None

    async def reduced(self, room_id: str, *more: Received) -> Case:
        """Return the case of a room, with `more` messages at its end. Raises CaseNotOpened, UnknownRoom."""
        messages = await room_messages(self._session, room_id)
        return reduce_case([*messages, *more], room_id=room_id, standing=await self._standing())

    async def answer(
        self, case: Case, outcome: str, given: AnswerDetails, now: datetime, files: Sequence[AnswerFile] = ()
    ) -> SentEvent:
        """Sign an answer with the account's attested key, send it after its files, and return its event.

        `now` is when it is signed. Raises CommunicationRefused when it would have no effect, before anything
        is sent; AnswerNotSigned, FileUnusable when a file has changed, and what sending raises.
        """
        room_id, own = case.request.room_id, self._session.user_id
        draft = draft_answer(
            request=await self._request(case),
            outcome=outcome,
            details=given.details,
            answered_at=now,
            answerer=own,
            next_date=given.next_date,
            attachments=tuple(each.attached for each in files),
        )
        signed = await self._session.sign_answer(cast("dict[str, Json]", draft[ANSWER_KEY]))
        content = signed_answer(draft, signed)
        await self._require_effect(
            Received(event_id=_UNSENT, sender=own, room_id=room_id, sent_at=now, content=content)
        )
        for each in files:
            await self._session.send_file(room_id, each.path)
            each.require_unchanged()
        name = transaction_name("answer", signed_sha256(signed))
        return await self._session.send(room_id, cast("dict[str, Json]", content), transaction_id=name)

    async def _require_effect(self, received: Received) -> None:
        """Raise CommunicationRefused when the reducer would refuse an answer that is not sent yet."""
        for refused in (await self.reduced(received.room_id, received)).refused:
            if refused.event_id == received.event_id:
                raise CommunicationRefused(
                    "The answer was not sent.", refusal=refused.refusal, why=refused.reason
                )

    async def _settle(self) -> None:
        """Wait, while the homeserver answers and not without end, until the request rooms are whole."""
        updates = self._session.updates()
        connection = Connection.STARTING
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while connection not in _WITHOUT_SERVER:
                    if connection is Connection.LIVE and await self._is_whole():
                        return
                    update = await anext(updates, None)
                    if update is None:
                        return
                    if isinstance(update, ConnectionChanged):
                        connection = update.connection

    async def _is_whole(self) -> bool:
        organs = {organ.user_id for organ in self._manifest.organs}
        for room in await self._session.rooms():
            if room.membership is Membership.INVITE and room.inviter in organs:
                return False
        gaps = [gap for room_id in await self._rooms() for gap in await self._session.gaps(room_id)]
        return all(gap.trouble is not None for gap in gaps)

    async def _request(self, case: Case) -> Mapping[str, object]:
        """Return the content of the event that carries the request of a case."""
        for received in await room_messages(self._session, case.request.room_id):
            if read_request(received.content) == case.request:
                return received.content
        raise CaseNotOpened(
            f"The request {case.request.id} is not here any more.",
            why="Its message was removed since the case was read.",
            remedy="Ask the Court to post it again.",
        )

    async def _standing(self) -> Standing:
        statements = await self._session.signed_attestations()
        return Standing(manifest=self._manifest, attestations=tuple(statements))

    async def _rooms(self) -> list[str]:
        rooms = await self._session.rooms()
        return [
            room.room_id
            for room in rooms
            if room.membership is Membership.JOIN and not room.is_space and is_room_name(room.name)
        ]
