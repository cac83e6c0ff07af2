"""The Court's own steps: composed so that they can follow, recorded, then posted, once each.

A step is signed in a moment in which no other process signs one, so that two never take the same step; it is
sent outside of that, under a transaction id of its own, so that it is one event however often it is tried.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import cast

import msgspec

from bridge.case_file import CaseFile, SignedStep, read_case_file
from bridge.court_calls import CourtSession
from bridge.register import Register
from bridge.register_event import EventKind
from bridge.request_record import RequestRecord
from bridge.sending import send_recorded
from client.session.events import Content, SentEvent
from client.session.local.lock import Locked
from policies.requests.case.case import Case
from policies.requests.case.compose import compose_step
from policies.requests.case.envelope import signed_sha256, transaction_name
from policies.requests.case.step import EVENT_KEY, StepCode
from policies.requests.errors import CommunicationRefused
from policies.trust import canonical_json
from policies.trust.manifest import Manifest
from policies.trust.signing import SigningKey

_LOOK_AGAIN = 0.02

Step = tuple[StepCode, Mapping[str, object]]
"""A step and its details."""
Details = Callable[[Case], Mapping[str, object]]
Choose = Callable[[Case], Step | None]
"""Decides in view of the case as it stands whether to take a step, and which."""


class CourtSteps:
    """Takes steps in the cases of one organ, whose `key` the `manifest` names."""

    def __init__(
        self, session: CourtSession, register: Register, key: SigningKey, manifest: Manifest
    ) -> None:
        self._session = session
        self._register = register
        self._key = key
        self._manifest = manifest

    async def take(self, request_id: str, step: StepCode, details: Details) -> SentEvent:
        """Take a step, with its `details` in view of the case, and return its event once it is posted.

        Raises CommunicationRefused when it cannot follow, before anything is recorded; RequestUnknown,
        CaseNotOpened, SessionErrors.
        """
        signed = await self.sign(request_id, lambda case: (step, details(case)))
        if signed is None:  # never: the choice above always takes one
            raise RuntimeError("no step was chosen")
        return await self._post(request_id, signed)

    async def sign(
        self, request_id: str, choose: Choose, beside: Callable[[SignedStep, Case], None] | None = None
    ) -> SignedStep | None:
        """Sign and record the step that `choose` takes, or return None.

        `beside` is given the step and the case after it, and writes in the same transaction (see
        `Register.append`). Raises as `take` does, and what `choose` and `beside` raise; then nothing is
        recorded.
        """
        attestations = await self._session.signed_attestations()
        async with self.alone():
            file = self.file(request_id)
            case = file.case(self._manifest, attestations)
            chosen = choose(case)
            if chosen is None:
                return None
            signed = self._compose(file, case, chosen)
            after = _after(file, signed, self._manifest, attestations)
            payload = {
                "transaction_id": signed.transaction_id,
                "content": canonical_json.encode(signed.content).decode(),
                "state": after.state.value,
            }

            def write(_record: RequestRecord) -> None:
                if beside is not None:
                    beside(signed, after)

            self._register.append(EventKind.STEP_SIGNED, request_id, payload, write)
            return signed

    async def post_unsent(self, request_id: str) -> None:
        """Post what is signed and perhaps not posted: a process was killed, or the homeserver was away."""
        for step in self.file(request_id).unsent:
            await self._post(request_id, step)

    def file(self, request_id: str) -> CaseFile:
        """Return what the register has of a case. Raises RequestUnknown."""
        return read_case_file(self._register, request_id, self._session.user_id)

    def _compose(self, file: CaseFile, case: Case, chosen: Step) -> SignedStep:
        step, details = chosen
        request = canonical_json.decode_object((file.record.content or "").encode())
        content = compose_step(
            request=request,
            step=step,
            occurred_at=case.time_to_sign(self._register.now()),
            key=self._key,
            details=details,
        )
        said = content[EVENT_KEY]
        sha256 = signed_sha256(said if isinstance(said, Mapping) else {})
        name = transaction_name(f"step.{file.record.request_id}", sha256)
        return SignedStep(transaction_id=name, content=content)

    async def _post(self, request_id: str, step: SignedStep) -> SentEvent:
        room_id = self._register.request(request_id).room_id or ""
        content = cast("Content", step.content)
        sent = await send_recorded(self._session, room_id, content, step.transaction_id)
        payload = {"transaction_id": step.transaction_id, "event_id": sent.event_id}
        async with self.alone():  # another process may have posted it too: it is one event, recorded once
            if step.transaction_id in {each.transaction_id for each in self.file(request_id).unsent}:
                self._register.append(EventKind.STEP_POSTED, request_id, payload)
        return sent

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until no other process or task records what belongs to a case; inside nothing is awaited."""
        while True:
            try:
                with self._register.signing_steps():
                    yield
                    return
            except Locked:
                await asyncio.sleep(_LOOK_AGAIN)


def _after(
    file: CaseFile, step: SignedStep, manifest: Manifest, attestations: Sequence[Mapping[str, object]]
) -> Case:
    """Return the case after a step. Raises CommunicationRefused when the reducer would give it no effect."""
    case = msgspec.structs.replace(file, steps=(*file.steps, step)).case(manifest, attestations)
    for refused in case.refused:
        if refused.event_id == step.transaction_id:
            raise CommunicationRefused(
                "The step was not taken.",
                refusal=refused.refusal,
                why=refused.reason,
                findings=refused.findings,
            )
    return case
