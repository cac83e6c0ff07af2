"""What is counted, as a set of bits for each request: which measures it counts in, and which need which."""

from __future__ import annotations

import enum

from policies.network.errors import nearest
from policies.requests.errors import RecordInvalid
from policies.requests.statistics.record import RequestRecord
from policies.requests.templates.kinds import OutcomeKind
from policies.requests.templates.registry import packaged_templates

WITHDRAWN = "WITHDRAWN_BY_COURT"


class Measure(enum.StrEnum):
    """A column of counts."""

    ISSUED = "issued"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    """Any answer beyond the acknowledgement."""
    ANSWERED = "answered"
    """A final answer among the lawful ones."""
    BINDING = "binding"
    """The State must execute it, and the Court has not withdrawn it."""
    EXECUTED = "executed"
    OBSTACLE = "obstacle"
    """National law is in the way; never counted as a refusal."""
    OTHER_STATED_REASON = "other_stated_reason"
    """Another reason than the lawful answers foresee: counted apart, so that data stay honest."""
    INCOMPLETE = "incomplete"
    ADVANCE = "advance"
    CONFIRMED = "confirmed"
    CLOSED = "closed"


class Rate(enum.StrEnum):
    """A column of rates."""

    ACKNOWLEDGED = "acknowledged_rate"
    RESPONSE = "response_rate"
    EXECUTION = "execution_rate"
    INCOMPLETE = "incomplete_rate"
    """How the Court itself drafts: published beside how States respond."""
    CONFIRMATION = "confirmation_rate"


class Time(enum.StrEnum):
    """A column of medians and 90th percentiles, from delivery on."""

    ACKNOWLEDGEMENT = "to_acknowledgement"
    FIRST_ANSWER = "to_first_answer"
    FINAL_ANSWER = "to_final_answer"
    NET_FINAL_ANSWER = "to_final_answer_net"
    """Without the time in which the clocks stood still."""


OF = {
    Rate.ACKNOWLEDGED: (Measure.ACKNOWLEDGED, Measure.DELIVERED),
    Rate.RESPONSE: (Measure.ANSWERED, Measure.DELIVERED),
    Rate.EXECUTION: (Measure.EXECUTED, Measure.BINDING),
    Rate.INCOMPLETE: (Measure.INCOMPLETE, Measure.ISSUED),
    Rate.CONFIRMATION: (Measure.CONFIRMED, Measure.ADVANCE),
}
"""A rate → what is divided by what."""

MEASURES = tuple(Measure)
INDEX = {measure: index for index, measure in enumerate(MEASURES)}
BIT = {measure: 1 << index for measure, index in INDEX.items()}

TIMED = {
    Time.ACKNOWLEDGEMENT: Measure.ACKNOWLEDGED,
    Time.FIRST_ANSWER: Measure.REPLIED,
    Time.FINAL_ANSWER: Measure.ANSWERED,
    Time.NET_FINAL_ANSWER: Measure.ANSWERED,
}
"""A time → the requests that have it: it is shown and held back with their count."""

_ANSWERS = (OutcomeKind.FINAL, OutcomeKind.OBSTACLE, OutcomeKind.OUTSIDE)
_NEEDS = {
    Measure.DELIVERED: (Measure.ISSUED,),
    Measure.ACKNOWLEDGED: (Measure.DELIVERED,),
    Measure.REPLIED: (Measure.DELIVERED,),
    Measure.ANSWERED: (Measure.REPLIED,),
    Measure.BINDING: (Measure.ISSUED,),
    Measure.EXECUTED: (Measure.ANSWERED, Measure.BINDING),
    Measure.OBSTACLE: (Measure.REPLIED,),
    Measure.OTHER_STATED_REASON: (Measure.REPLIED,),
    Measure.INCOMPLETE: (Measure.DELIVERED,),
    Measure.ADVANCE: (Measure.ISSUED,),
    Measure.CONFIRMED: (Measure.ADVANCE,),
    Measure.CLOSED: (Measure.ISSUED,),
}
_ONE_OF = (Measure.ANSWERED, Measure.OBSTACLE, Measure.OTHER_STATED_REASON)
"""One answer stands at a time."""


def kind_of(record: RequestRecord, executed: frozenset[str]) -> int:
    """Return the measures that a request counts in, as bits. `executed` are the codes of such answers.

    Raises RecordInvalid when the outcome is none, or has no time.
    """
    outcome, answer = record.outcome, _answer(record)
    binding = record.binding and outcome != WITHDRAWN
    return (
        BIT[Measure.ISSUED]
        | (record.delivered_at is not None) * BIT[Measure.DELIVERED]
        | (record.acknowledged_at is not None) * BIT[Measure.ACKNOWLEDGED]
        | (record.first_answer_at is not None) * BIT[Measure.REPLIED]
        | (answer is OutcomeKind.FINAL) * BIT[Measure.ANSWERED]
        | binding * BIT[Measure.BINDING]
        | (binding and answer is OutcomeKind.FINAL and outcome in executed) * BIT[Measure.EXECUTED]
        | (answer is OutcomeKind.OBSTACLE) * BIT[Measure.OBSTACLE]
        | (answer is OutcomeKind.OUTSIDE) * BIT[Measure.OTHER_STATED_REASON]
        | record.incomplete * BIT[Measure.INCOMPLETE]
        | record.advance * BIT[Measure.ADVANCE]
        | record.confirmed * BIT[Measure.CONFIRMED]
        | record.closed * BIT[Measure.CLOSED]
    )


def _answer(record: RequestRecord) -> OutcomeKind | None:
    if record.outcome is None:
        return None
    known = packaged_templates().outcomes.catalogue
    if record.outcome not in known:
        raise RecordInvalid(
            f"A request cannot be counted: its outcome is {record.outcome!r}.",
            why="The catalogue of answers has no such code.",
            remedy=nearest(record.outcome, known),
        )
    kind = known[record.outcome].kind
    final = kind is OutcomeKind.FINAL and record.final_answer_at is None
    if final or (kind in _ANSWERS and record.first_answer_at is None):
        raise RecordInvalid(
            f"A request cannot be counted: it has the outcome {record.outcome}, and no time of an answer.",
            why="Times and counts would not be of the same requests.",
            remedy="Give the record first_answer_at, and final_answer_at if the answer is final.",
        )
    return kind


def with_measure(kind: int, measure: Measure) -> int:
    """Return the nearest kind of request that counts in a measure too."""
    kind |= BIT[measure]
    for needed in _NEEDS.get(measure, ()):
        if not kind & BIT[needed]:
            kind = with_measure(kind, needed)
    if measure in _ONE_OF:
        for other in _ONE_OF:
            if other is not measure and kind & BIT[other]:
                kind = without_measure(kind, other)
    return kind


def without_measure(kind: int, measure: Measure) -> int:
    """Return the nearest kind of request that does not count in a measure; 0 is no request at all."""
    kind &= ~BIT[measure]
    for dependent, needed in _NEEDS.items():
        if measure in needed and kind & BIT[dependent]:
            kind = without_measure(kind, dependent)
    return kind


def times_of(record: RequestRecord, kind: int) -> dict[Time, int]:
    """Return the times that a request of a kind took, from its delivery on, in seconds."""
    ends = {
        Time.ACKNOWLEDGEMENT: record.acknowledged_at,
        Time.FIRST_ANSWER: record.first_answer_at,
        Time.FINAL_ANSWER: record.final_answer_at,
    }
    begin = record.delivered_at
    took = {
        time: int((end - begin).total_seconds())
        for time, end in ends.items()
        if end is not None and begin is not None and kind & BIT[TIMED[time]]
    }
    if Time.FINAL_ANSWER in took:
        took[Time.NET_FINAL_ANSWER] = took[Time.FINAL_ANSWER] - int(record.stood_still.total_seconds())
    return took
