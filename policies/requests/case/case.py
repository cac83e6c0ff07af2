"""A case: a request with all that has happened to it, as everyone in its room comes to see it."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec

from policies.requests.case.answer import SignedAnswer
from policies.requests.case.refusal import Refusal
from policies.requests.case.step import CourtStep, StepCode
from policies.requests.case.step_details import FollowUpRequest, StepDetails, read_details
from policies.requests.check.finding import Finding
from policies.requests.court_request import CourtRequest
from policies.requests.templates.kinds import OutcomeKind
from policies.requests.templates.outcome import Outcome
from policies.requests.templates.registry import packaged_templates
from policies.requests.templates.template import Template
from policies.trust.times import whole_utc


class CaseState(enum.StrEnum):
    """Where a case stands, in the order in which a case goes."""

    PRE_CONSULTATION = "pre-consultation"
    """A draft on which the State is consulted (articles 91(4), 96(3)): not yet a request."""
    ISSUED = "issued"
    """Posted; nobody who is asked can be shown to have been able to read it."""
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in-progress"
    IN_CONSULTATION = "in-consultation"
    """The State waits for the Court (articles 93(3), 96(3), 97)."""
    POSTPONED = "postponed"
    """Articles 89(2), 94, 95."""
    ANSWERED = "answered"
    """With a final answer, until the Court closes the case or asks for a supplement."""
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"

    @property
    def is_over(self) -> bool:
        """Whether nothing can follow."""
        return self in (CaseState.CLOSED, CaseState.WITHDRAWN)


class ConfirmationStatus(enum.StrEnum):
    """Whether an advance copy was confirmed through the formal channel (articles 91(1), 96(1))."""

    NOT_NEEDED = "not-needed"
    PENDING = "pending"
    CONFIRMED = "confirmed"


class FormalConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The tracker of the formal confirmation; the others are None until it is there."""

    status: ConfirmationStatus
    channel: str | None = None
    reference: str | None = None
    date: date | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that has happened: an answer or a step that holds. `sha256` names its signed bytes."""

    event_id: str
    sha256: str
    said: SignedAnswer | CourtStep

    @property
    def at(self) -> datetime:
        """When it was signed."""
        return self.said.signed_at

    @property
    def answer(self) -> SignedAnswer | None:
        """The answer, where it is one."""
        return self.said if isinstance(self.said, SignedAnswer) else None

    @property
    def step(self) -> CourtStep | None:
        """The Court's step, where it is one."""
        return self.said if isinstance(self.said, CourtStep) else None

    @property
    def details(self) -> StepDetails | None:
        """The details of a step, read; None for an answer, whose details are the template's."""
        return read_details(self.said.step, self.said.details) if isinstance(self.said, CourtStep) else None

    @property
    def outcome(self) -> Outcome | None:
        """What the catalogue says of the answer; None for a step of the Court."""
        return packaged_templates().outcomes.catalogue[self.code] if self.answer else None

    @property
    def given(self) -> dict[str, object]:
        """The details as they were signed."""
        return self.said.details

    @property
    def is_receipt(self) -> bool:
        """Whether it is an answer that says no more than that the request has come."""
        return self.outcome is not None and self.outcome.kind is OutcomeKind.RECEIPT

    @property
    def is_final(self) -> bool:
        """Whether it is a final answer."""
        return self.outcome is not None and self.outcome.kind is OutcomeKind.FINAL

    @property
    def code(self) -> str:
        """The outcome of an answer, the code of a step.

        An arrest of which the State has told by another channel counts as one that it has answered.
        """
        if isinstance(self.said, SignedAnswer):
            return self.said.outcome
        return "ARRESTED" if self.said.step is StepCode.ARREST_REPORTED else self.said.step.value


class RefusedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A message that has no effect. It is kept: `refusal` says of which kind, `reason` in a sentence why.

    `findings` are the fields and provisions that stand in its way, where those can be named.
    """

    event_id: str
    sender: str
    sent_at: datetime
    refusal: Refusal
    reason: str
    findings: tuple[Finding, ...] = ()


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its life. Only `reduce_case` makes one.

    `request` is as issued, `common` and `fields` as the Court has modified them since. `history` is what
    holds, by the time of signing; `refused` what does not. `delivered_at`, `acknowledged_at` and
    `answered_at` (the first final answer) are None until then.
    """

    request: CourtRequest
    request_sha256: str
    state: CaseState
    common: dict[str, object]
    fields: dict[str, object]
    confirmation: FormalConfirmation
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    history: tuple[Entry, ...] = ()
    refused: tuple[RefusedEntry, ...] = ()

    @property
    def template(self) -> Template:
        """The template with which the request was made."""
        return packaged_templates().find(self.request.template)

    @property
    def values(self) -> dict[str, object]:
        """The fields as they now are, common ones and the template's, in one namespace."""
        return self.common | self.fields

    @property
    def is_draft(self) -> bool:
        """Whether the State is only consulted on a draft."""
        return self.request.common.get("nature") == "CONSULTATION_DRAFT"

    @property
    def answers(self) -> Iterator[Entry]:
        """The answers, in order."""
        return (entry for entry in self.history if entry.answer is not None)

    @property
    def steps(self) -> Iterator[Entry]:
        """The steps of the Court, in order."""
        return (entry for entry in self.history if entry.step is not None)

    @property
    def last_answer(self) -> Entry | None:
        """The last answer that is more than a receipt; a receipt where there is no other."""
        answers = list(self.answers)
        more = [entry for entry in answers if not entry.is_receipt]
        return next(reversed(more or answers), None)

    @property
    def last_final(self) -> Entry | None:
        """The last final answer."""
        return next((entry for entry in reversed(list(self.answers)) if entry.is_final), None)

    @property
    def outcomes(self) -> frozenset[str]:
        """The codes of what was answered, the Court's steps that stand in the catalogue among them."""
        return (
            frozenset(entry.code for entry in self.history) & packaged_templates().outcomes.catalogue.keys()
        )

    def time_to_sign(self, now: datetime) -> datetime:
        """Return the time to sign something with so that it follows all that is known here.

        That is `now`, or a second after the last event where a clock elsewhere is ahead of ours.
        """
        last = self.history[-1].at if self.history else self.request.issued_at
        return max(whole_utc(now), last + timedelta(seconds=1))

    @property
    def follow_ups(self) -> tuple[FollowUpRequest, ...]:
        """The requests that continue this one."""
        found = (entry.details for entry in self.history)
        return tuple(each for each in found if isinstance(each, FollowUpRequest))
