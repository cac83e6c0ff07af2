"""A request's case as the register has it: its messages, what was said of each, and the Court's own steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

import msgspec

from bridge.register import Register
from bridge.register_event import EventKind, RegisterEvent
from bridge.request_record import RequestRecord
from client.views.case_messages import time_of
from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.case import Case
from policies.requests.case.received import Received
from policies.requests.case.reduce import reduce_case
from policies.requests.case.standing import Standing
from policies.requests.case.step import EVENT_KEY
from policies.requests.errors import CaseNotOpened
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError
from policies.trust.manifest import Manifest
from policies.trust.times import parse_time


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a received message: `refusal` and `reason` are None of one that holds."""

    refusal: str | None
    reason: str | None


class SignedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step that the Court has signed; `event_id` is None as long as it is not known to be posted."""

    transaction_id: str
    content: dict[str, object]
    event_id: str | None = None


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """All that the register has of one case; `attestations` are those by which answers were judged."""

    record: RequestRecord
    sender: str
    received: tuple[Received, ...] = ()
    judgements: dict[str, Judgement] = {}
    steps: tuple[SignedStep, ...] = ()
    attestations: tuple[dict[str, object], ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """The ids of the Matrix events that need not be recorded any more."""
        own = {self.record.event_id, *(step.event_id for step in self.steps)}
        return frozenset(filter(None, own | {each.event_id for each in self.received}))

    @property
    def unsent(self) -> tuple[SignedStep, ...]:
        """The steps that are signed and perhaps not posted."""
        return tuple(step for step in self.steps if step.event_id is None)

    def is_own(self, received: Received) -> bool:
        """Tell whether a message is what the Court itself has signed and recorded here."""
        if received.sender != self.sender:
            return False
        own = [self.record.content, *(canonical_json.encode(step.content).decode() for step in self.steps)]
        return _canonical(received.content) in own

    def case(self, manifest: Manifest, attestations: Iterable[Mapping[str, object]] = ()) -> Case:
        """Return the case that all of it adds up to, by these attestations too. Raises CaseNotOpened."""
        standing = Standing(manifest=manifest, attestations=(*self.attestations, *attestations))
        return reduce_case(self.messages, room_id=self.record.room_id or "", standing=standing)

    @property
    def messages(self) -> list[Received]:
        """What the reducer takes: the request, the Court's steps, what was received. Raises CaseNotOpened."""
        room_id = self.record.room_id or ""
        if self.record.content is None or self.record.event_id is None:
            raise _not_posted(self.record.request_id)
        issued: dict[str, object] = msgspec.json.decode(self.record.content)
        own = [(self.record.event_id, issued, parse_time(self.record.issued_at))]
        own += [(step.event_id or step.transaction_id, step.content, _taken(step)) for step in self.steps]
        posted = [
            Received(event_id=event_id, sender=self.sender, room_id=room_id, sent_at=at, content=content)
            for event_id, content, at in own
        ]
        return [*posted, *self.received]


def read_case_file(register: Register, request_id: str, sender: str) -> CaseFile:
    """Read a request's case; `sender` is the account that posts for the Court. Raises RequestUnknown."""
    file = CaseFile(record=register.request(request_id), sender=sender)
    for event in register.events(request_id):
        file = _follow(file, event)
    return file


def attestations_of(
    received: Received, attestations: Iterable[Mapping[str, object]]
) -> list[dict[str, object]]:
    """Return the attestations of who a message says has answered: by these it was judged."""
    said = received.content.get(ANSWER_KEY)
    answerer = said.get("answerer") if isinstance(said, Mapping) else None
    return [
        dict(each)
        for each in attestations
        if isinstance(answerer, str) and each.get("user_id") == answerer and _canonical(each) is not None
    ]


class _Received(msgspec.Struct):
    event_id: str
    sender: str
    sent_at: int
    content: str


class _Judged(msgspec.Struct):
    event_id: str
    refusal: str | None
    reason: str | None
    attestations: tuple[str, ...] = ()


class _Signed(msgspec.Struct):
    transaction_id: str
    content: str


class _Posted(msgspec.Struct):
    transaction_id: str
    event_id: str


def _follow(file: CaseFile, event: RegisterEvent) -> CaseFile:
    replace = msgspec.structs.replace
    match event.kind:
        case EventKind.RECEIVED:
            given = msgspec.convert(event.payload, _Received)
            received = Received(
                event_id=given.event_id,
                sender=given.sender,
                room_id=file.record.room_id or "",
                sent_at=time_of(given.sent_at),
                content=msgspec.json.decode(given.content, type=dict[str, object]),
            )
            return replace(file, received=(*file.received, received))
        case EventKind.JUDGED:
            judged = msgspec.convert(event.payload, _Judged)
            judgement = Judgement(refusal=judged.refusal, reason=judged.reason)
            contents = (msgspec.json.decode(each, type=dict[str, object]) for each in judged.attestations)
            return replace(
                file,
                judgements={**file.judgements, judged.event_id: judgement},
                attestations=(*file.attestations, *contents),
            )
        case EventKind.STEP_SIGNED:
            signed = msgspec.convert(event.payload, _Signed)
            content = msgspec.json.decode(signed.content, type=dict[str, object])
            step = SignedStep(transaction_id=signed.transaction_id, content=content)
            return replace(file, steps=(*file.steps, step))
        case EventKind.STEP_POSTED:
            posted = msgspec.convert(event.payload, _Posted)
            steps = tuple(
                replace(step, event_id=posted.event_id)
                if step.transaction_id == posted.transaction_id
                else step
                for step in file.steps
            )
            return replace(file, steps=steps)
        case _:
            return file


def _taken(step: SignedStep) -> datetime:
    said = cast("dict[str, str]", step.content[EVENT_KEY])
    return parse_time(said["occurred_at"])


def _canonical(content: Mapping[str, object]) -> str | None:
    try:
        return canonical_json.encode(dict(content)).decode()
    except CanonicalJsonError:
        return None


def _not_posted(request_id: str) -> CaseNotOpened:
    return CaseNotOpened(
        f"{request_id} has no case yet.",
        why="It is recorded, and not posted: its addressees cannot read it yet.",
        remedy="The bridge posts it by itself once they can.",
    )
