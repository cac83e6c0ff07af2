"""What each step of the Court must carry, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

import msgspec

from policies.requests.case.step import StepCode
from policies.requests.court_request import ID_PATTERN
from policies.requests.templates.template import TemplateId
from policies.trust.manifest_members import require
from policies.trust.times import UtcTime

Words = Annotated[str, msgspec.Meta(min_length=1)]


class NoDetails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing: the step says all."""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Through which channel of article 87(1)(a) an advance copy was confirmed, under what reference, when."""

    channel: Literal["DIPLOMATIC", "DESIGNATED_AUTHORITY"]
    reference: Words
    date: date


class Modification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the request is modified, and the fields that are now otherwise; None takes a field away."""

    reason: Words
    changes: dict[str, object] = {}


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the request is withdrawn."""

    reason: Words


class ReportedArrest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day of the arrest as the State reported it, and how it did."""

    arrest_date: date
    source: Words


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the Court replies in a consultation."""

    reply: Words


class Exhaustion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day on which consultations were declared exhausted."""

    consultations_exhausted_on: date


class ReceivedAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer that the Court has received, by the hash of its signed bytes.

    `attestation` is the one by which the Court has judged its answerer, as the regional authority signed it:
    so the answer still holds for who comes later, when the directory shows a newer one.
    """

    answer_sha256: str
    attestation: dict[str, object] | None = None


class Supplement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer that does not suffice, and what is still asked."""

    answer_sha256: str
    reason: Words


class FollowUpRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request that continues this one; `received_on`: the day the State had it with its documents."""

    request_id: str
    template: TemplateId
    received_on: date | None = None

    def __post_init__(self) -> None:
        require(ID_PATTERN.fullmatch(self.request_id), "the id is not of the form ROG-2026-7KQ4XM")


class RemindedClock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A clock of which people were reminded: when it ends, and how many days from that the reminder is due.

    `stage` is -30 for thirty days before its end, 1 for the day after.
    """

    clock: Words
    due: UtcTime
    stage: int


class Reminding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clocks of which both sides are reminded."""

    clocks: Annotated[tuple[RemindedClock, ...], msgspec.Meta(min_length=1)]


class Closing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The final answer with which the request is closed; None for a draft, which has none."""

    answer_sha256: str | None = None


StepDetails = (
    NoDetails
    | Confirmation
    | Modification
    | Withdrawal
    | ReportedArrest
    | Reply
    | Exhaustion
    | ReceivedAnswer
    | Supplement
    | FollowUpRequest
    | Reminding
    | Closing
)

_DETAILS: dict[StepCode, type[StepDetails]] = {
    StepCode.DELIVERED: NoDetails,
    StepCode.FORMALLY_CONFIRMED: Confirmation,
    StepCode.MODIFIED_BY_COURT: Modification,
    StepCode.WITHDRAWN_BY_COURT: Withdrawal,
    StepCode.ARREST_REPORTED: ReportedArrest,
    StepCode.CONSULTATION_ANSWERED: Reply,
    StepCode.CONSULTATIONS_EXHAUSTED: Exhaustion,
    StepCode.ANSWER_RECEIVED: ReceivedAnswer,
    StepCode.SUPPLEMENT_ASKED: Supplement,
    StepCode.FOLLOW_UP: FollowUpRequest,
    StepCode.REMINDER: Reminding,
    StepCode.CLOSED: Closing,
}


def read_details(step: StepCode, details: Mapping[str, object]) -> StepDetails:
    """Read the details of a step. Raises msgspec.ValidationError, which names the place."""
    return msgspec.convert(dict(details), _DETAILS[step])
