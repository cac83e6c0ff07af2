"""A step of the Court in the life of its request, on the wire: the object `org.rogatory.event`."""

from __future__ import annotations

import enum

import msgspec

from policies.trust.manifest_members import require
from policies.trust.times import UtcTime, require_utc

EVENT_KEY = "org.rogatory.event"
"""Where an event's content carries a step of the Court."""

VERSION = 1


class StepCode(enum.StrEnum):
    """What the Court does with a request after it has issued it. The State only ever answers."""

    DELIVERED = "DELIVERED"
    """A device of the addressee can read the request: the clocks begin."""
    FORMALLY_CONFIRMED = "FORMALLY_CONFIRMED"
    """An advance copy was confirmed through the channel of article 87(1)(a) (articles 91(1), 96(1))."""
    MODIFIED_BY_COURT = "MODIFIED_BY_COURT"
    WITHDRAWN_BY_COURT = "WITHDRAWN_BY_COURT"
    ARREST_REPORTED = "ARREST_REPORTED"
    """The State has told of the arrest by another channel (rules 184(1), 188)."""
    CONSULTATION_ANSWERED = "CONSULTATION_ANSWERED"
    """The Court has replied to what the State consulted on (articles 93(3), 96(3), 97)."""
    CONSULTATIONS_EXHAUSTED = "CONSULTATIONS_EXHAUSTED"
    """The Court declares so: 15 days to seek a ruling begin (Regulations of the Court, 108(2))."""
    ANSWER_RECEIVED = "ANSWER_RECEIVED"
    SUPPLEMENT_ASKED = "SUPPLEMENT_ASKED"
    """A final answer does not suffice: the State is asked for more."""
    FOLLOW_UP = "FOLLOW_UP"
    """Another request continues this one."""
    REMINDER = "REMINDER"
    CLOSED = "CLOSED"


class CourtStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `organ` took it and signed it with a key that the manifest gives it.

    `details` are those of the step (`step_details`). `occurred_at` is when the step was taken;
    `request_sha256` and `body_sha256` are as in an answer.
    """

    v: int
    request_id: str
    request_sha256: str
    step: StepCode
    details: dict[str, object]
    occurred_at: UtcTime
    organ: str
    room_id: str
    body_sha256: str = ""
    signatures: dict[str, dict[str, str]] = {}

    def __post_init__(self) -> None:
        require(self.v == VERSION, f"version {self.v} is not {VERSION}: this program may be too old")
        require_utc(self.occurred_at)

    @property
    def signed_at(self) -> UtcTime:
        """When it was signed, as its signer says."""
        return self.occurred_at
