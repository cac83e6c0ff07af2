"""Follows the request rooms: what comes is recorded and judged, and the bot's own steps are taken.

It begins from nothing but the register and the session's store, so it can be killed anywhere: a message is
recorded once by its Matrix event id, its judgement again where the reducer comes to another, and each step is
taken only where the case shows that it has not been taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bridge.case_file import CaseFile, Judgement, attestations_of
from bridge.court_calls import CourtSession
from bridge.court_steps import CourtSteps, Step
from bridge.register import Register
from bridge.register_event import EventKind
from bridge.request_record import RequestRecord, RequestStatus
from client.session.errors import SessionError, UnknownRoom
from client.session.events import ConnectionChanged, Membership
from client.session.owned_tasks import OwnedTasks
from client.views.case_messages import room_messages
from policies.requests.case.case import Case
from policies.requests.case.received import Received
from policies.requests.case.standing import Standing
from policies.requests.case.step import StepCode
from policies.requests.case.step_details import ReceivedAnswer
from policies.requests.clocks.reading import read_clocks
from policies.requests.clocks.reminders import reminder_due
from policies.requests.errors import RequestError
from policies.trust import canonical_json
from policies.trust.manifest import Manifest

_log = logging.getLogger(__name__)

_TRY_AGAIN_AFTER = 5.0
"""Seconds until a request that could not be followed is looked at again."""
_LONGEST_REASON = 2000


class Following:
    """Follows the requests in a register, in the session of the organ that has issued them."""

    def __init__(
        self, session: CourtSession, register: Register, steps: CourtSteps, manifest: Manifest
    ) -> None:
        self._session = session
        self._register = register
        self._steps = steps
        self._manifest = manifest
        self._waiting: dict[str, None] = {}
        self._woken = asyncio.Event()

    async def run(self, *, every: float = 300.0) -> None:
        """Look at a request whenever something happens in its room, and at all of them `every` so often.

        `every` is in seconds: that is how late a reminder may be. Runs until it is cancelled or the session
        is closed. Raises StoreError when the register cannot be written.
        """
        async with OwnedTasks() as tasks:
            tasks.begin(self._watch())
            while True:
                self._look_soon(record.request_id for record in self._register.requests())
                again = asyncio.get_running_loop().time() + every
                while asyncio.get_running_loop().time() < again:
                    failed = await self._look_at_what_waits()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_TRY_AGAIN_AFTER if failed else every):
                            await self._woken.wait()
                    self._look_soon(failed)

    async def look(self, request_id: str) -> Case | None:
        """Record what has come in a request's room, judge it, and take the steps that are due.

        Returns the case as it stands then, None of a request that is not posted. Raises SessionErrors,
        RequestErrors, RequestUnknown.
        """
        record = self._register.request(request_id)
        if record.status is not RequestStatus.DELIVERED or record.room_id is None:
            return None
        await self._steps.post_unsent(request_id)
        with contextlib.suppress(UnknownRoom):  # the session has not heard of it yet
            await self._receive(request_id, await room_messages(self._session, record.room_id))
        while await self._take_next_step(record):
            await self._steps.post_unsent(request_id)
        return self._steps.file(request_id).case(self._manifest)

    async def _receive(self, request_id: str, messages: list[Received]) -> None:
        attestations = await self._session.signed_attestations()
        async with self._steps.alone():
            file = self._steps.file(request_id)
            for received in messages:
                if received.event_id not in file.known and not file.is_own(received):
                    self._register.append(EventKind.RECEIVED, request_id, _as_recorded(received))
            file = self._steps.file(request_id)
            if file.received:
                self._judge(file, file.case(self._manifest, attestations), attestations)

    def _judge(self, file: CaseFile, case: Case, attestations: Sequence[Mapping[str, object]]) -> None:
        """Record what the case makes of each message, where that is not what was recorded last."""
        refused = {each.event_id: each for each in case.refused}
        kept = list(file.attestations)
        for received in file.received:
            refusal = refused.get(received.event_id)
            said = Judgement(
                refusal=refusal.refusal.value if refusal else None,
                reason=_printable(refusal.reason) if refusal else None,
            )
            before = file.judgements.get(received.event_id)
            if before is not None and before.refusal == said.refusal:
                continue
            used = [each for each in attestations_of(received, attestations) if each not in kept]
            kept += used
            payload = {
                "event_id": received.event_id,
                "refusal": said.refusal,
                "reason": said.reason,
                "state": case.state.value,
                "attestations": [canonical_json.encode(each).decode() for each in used],
            }
            self._register.append(EventKind.JUDGED, file.record.request_id, payload)

    async def _take_next_step(self, record: RequestRecord) -> bool:
        """Sign the step that is due, if one is."""
        joined = await self._has_joined(record)
        attestations = await self._session.signed_attestations()

        def choose(case: Case) -> Step | None:
            if case.state.is_over:
                return None
            known = self._steps.file(record.request_id).attestations
            standing = Standing(manifest=self._manifest, attestations=(*known, *attestations))
            return _delivered(case, joined=joined) or _receipt(case, standing) or self._reminder(case)

        return await self._steps.sign(record.request_id, choose) is not None

    async def _has_joined(self, record: RequestRecord) -> bool:
        """Tell whether an addressee is in the room: then it can be shown that they can read the request."""
        try:
            members = await self._session.members(record.room_id or "")
        except UnknownRoom:
            return False
        there = {member.user_id for member in members if member.membership is Membership.JOIN}
        return bool(there & set(record.addressees))

    def _reminder(self, case: Case) -> Step | None:
        now = self._register.now()
        reminder = reminder_due(case, read_clocks(case, case.time_to_sign(now)), now)
        return (StepCode.REMINDER, reminder.details) if reminder else None

    async def _look_at_what_waits(self) -> list[str]:
        """Look at one request after the other; one that fails costs no other. Return those that failed."""
        failed: list[str] = []
        self._woken.clear()
        while self._waiting:
            request_id = next(iter(self._waiting))
            del self._waiting[request_id]
            try:
                await self.look(request_id)
            except (SessionError, RequestError) as error:
                _log.warning("%s could not be followed: %s %s", request_id, error.what, error.why)
                failed.append(request_id)
        return failed

    async def _watch(self) -> None:
        async for update in self._session.updates():
            if not isinstance(update, ConnectionChanged):
                self._look_soon(self._register.requests_of_room(update.room_id))

    def _look_soon(self, request_ids: Iterable[str]) -> None:
        self._waiting.update(dict.fromkeys(request_ids))
        self._woken.set()


def _delivered(case: Case, *, joined: bool) -> Step | None:
    if not joined or any(entry.code == StepCode.DELIVERED for entry in case.history):
        return None
    return (StepCode.DELIVERED, {})


def _receipt(case: Case, standing: Standing) -> Step | None:
    """Return the acknowledgement of the first answer that the Court has not acknowledged.

    It brings the attestation of its answerer, unless an earlier one has brought the same.
    """
    receipts = [each for entry in case.steps if isinstance(each := entry.details, ReceivedAnswer)]
    told = {each.answer_sha256 for each in receipts}
    untold = next((entry for entry in case.answers if entry.sha256 not in told), None)
    if untold is None or untold.answer is None:
        return None
    attestation = standing.statement(untold.answer.answerer, untold.at)
    if attestation is None or attestation in [each.attestation for each in receipts]:
        return (StepCode.ANSWER_RECEIVED, {"answer_sha256": untold.sha256})
    return (StepCode.ANSWER_RECEIVED, {"answer_sha256": untold.sha256, "attestation": dict(attestation)})


def _as_recorded(received: Received) -> dict[str, object]:
    return {
        "event_id": received.event_id,
        "sender": received.sender,
        "sent_at": int(received.sent_at.timestamp() * 1000),
        "content": msgspec.json.encode(received.content).decode(),
    }


def _printable(reason: str) -> str:
    return reason[:_LONGEST_REASON].encode(errors="backslashreplace").decode()
