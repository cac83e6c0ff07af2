"""The plainest reading of each measure, one request at a time, and the figures that follow from it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from statistics import median, quantiles

from policies.requests.statistics.record import RequestRecord

FINAL = {"EXECUTED", "UNABLE_NO_RESULT"}
"""The final answers among those of the tests."""

RATES = {
    "acknowledged_rate": ("acknowledged", "delivered"),
    "response_rate": ("answered", "delivered"),
    "execution_rate": ("executed", "binding"),
    "incomplete_rate": ("incomplete", "issued"),
    "confirmation_rate": ("confirmed", "advance"),
}


def holds(each: RequestRecord, measure: str) -> bool:
    """Whether a request counts in a measure."""
    return {
        "issued": True,
        "delivered": each.delivered_at is not None,
        "acknowledged": each.acknowledged_at is not None,
        "replied": each.first_answer_at is not None,
        "answered": each.outcome in FINAL,
        "binding": each.binding,
        "executed": each.binding and each.outcome == "EXECUTED",
        "obstacle": each.outcome == "NO_LEGISLATION",
        "other_stated_reason": each.outcome == "OTHER_STATED_REASON",
        "incomplete": each.incomplete,
        "advance": each.advance,
        "confirmed": each.confirmed,
        "closed": each.closed,
    }[measure]


def rate(records: list[RequestRecord], name: str) -> Fraction:
    """A rate in percent, exact."""
    part, whole = (sum(holds(each, measure) for each in records) for measure in RATES[name])
    return Fraction(100 * part, whole)


def hours(records: list[RequestRecord], time: str) -> list[float]:
    """How long each request that counts took, in hours."""
    found = []
    for each in records:
        end, counts = {
            "to_acknowledgement": (each.acknowledged_at, "acknowledged"),
            "to_first_answer": (each.first_answer_at, "replied"),
            "to_final_answer": (each.final_answer_at, "answered"),
            "to_final_answer_net": (each.final_answer_at, "answered"),
        }[time]
        if end is not None and each.delivered_at is not None and holds(each, counts):
            still = each.stood_still if time.endswith("_net") else timedelta(0)
            found.append((end - each.delivered_at - still) / timedelta(hours=1))
    return found


def median_and_90(values: list[float]) -> tuple[float, float]:
    """The median and the 90th percentile, as Python's own statistics have them."""
    return median(values), quantiles(values, n=10, method="inclusive")[8]
