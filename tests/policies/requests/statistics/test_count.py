"""What one request counts as, from what was asked and what happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from policies.requests.case.answer import SignedAnswer
from policies.requests.case.case import Entry
from policies.requests.case.step import CourtStep, StepCode
from policies.requests.statistics.count import count_request
from policies.requests.statistics.record import RequestRecord
from tests.policies.requests.samples import ROOM, sample_draft
from tests.policies.requests.statistics.records import BEGIN

DAY = timedelta(days=1)
FOCAL_POINT = "@sen.focal-point.1:africa.rogatory.test"


def answered(outcome: str, at: datetime, **details: object) -> Entry:
    said = SignedAnswer(
        v=1, request_id="ROG-2026-7KQ4XM", request_sha256="", outcome=outcome, details=details,
        answered_at=at, answerer=FOCAL_POINT, room_id=ROOM,
    )  # fmt: skip
    return Entry(event_id="$", sha256="", said=said)


def taken(step: StepCode, at: datetime, **details: object) -> Entry:
    said = CourtStep(
        v=1, request_id="ROG-2026-7KQ4XM", request_sha256="", step=step, details=details, occurred_at=at,
        organ="OTP", room_id=ROOM,
    )  # fmt: skip
    return Entry(event_id="$", sha256="", said=said)


def count(*history: Entry, template: str = "T13@1.0", **common: Any) -> RequestRecord:
    found = count_request(
        template=template, common=sample_draft().common | common, issued_at=BEGIN, history=history
    )
    assert found is not None
    return found


def test_a_request_from_issue_to_closing() -> None:
    """Each time is that of its event: delivery, receipt, first substantive answer, first final answer."""
    found = count(
        taken(StepCode.DELIVERED, BEGIN + DAY),
        answered("ACKNOWLEDGED", BEGIN + 2 * DAY),
        answered("CONSULT_97", BEGIN + 3 * DAY, sub_code="(a)"),
        taken(StepCode.CONSULTATION_ANSWERED, BEGIN + 7 * DAY, reply="x"),
        answered("EXECUTED_IN_PART", BEGIN + 9 * DAY),
        answered("EXECUTED", BEGIN + 12 * DAY),
        taken(StepCode.CLOSED, BEGIN + 13 * DAY),
    )
    assert found == RequestRecord(
        region="africa",
        state="SEN",
        priority=found.priority,
        template="T13",
        organ="OTP",
        issued_at=BEGIN,
        delivered_at=BEGIN + DAY,
        acknowledged_at=BEGIN + 2 * DAY,
        first_answer_at=BEGIN + 3 * DAY,
        final_answer_at=BEGIN + 9 * DAY,
        stood_still=4 * DAY,
        outcome="EXECUTED",
        incomplete=True,
        closed=True,
    )


def test_a_standstill_counts_between_delivery_and_final_answer_only() -> None:
    """What is postponed without an end stands still until the final answer, and no longer."""
    found = count(
        answered("POSTPONED_94", BEGIN + DAY),
        answered("ACKNOWLEDGED", BEGIN + 2 * DAY),
        answered("EXECUTED", BEGIN + 11 * DAY),
        answered("CONSULT_97", BEGIN + 12 * DAY, sub_code="c"),
        taken(StepCode.CONSULTATION_ANSWERED, BEGIN + 20 * DAY, reply="x"),
    )
    assert (found.stood_still, found.outcome, found.incomplete) == (10 * DAY, "EXECUTED", False)
    assert count(answered("POSTPONED_94", BEGIN + DAY)).stood_still == timedelta(0)


def test_whoever_answers_has_received() -> None:
    """An answer without a delivery delivers; one whose clock is behind is not before the issue."""
    found = count(answered("CONSULT_97", BEGIN - timedelta(minutes=2), sub_code="b"))
    assert found.delivered_at == found.acknowledged_at == found.first_answer_at == BEGIN
    assert (found.final_answer_at, found.incomplete) == (None, False)


def test_a_withdrawn_request_is_counted_as_such() -> None:
    """Also when it was answered before."""
    withdrawn = taken(StepCode.WITHDRAWN_BY_COURT, BEGIN + 5 * DAY, reason="x")
    assert count(answered("EXECUTED", BEGIN + DAY), withdrawn).outcome == "WITHDRAWN_BY_COURT"


@pytest.mark.parametrize(
    ("common", "template", "binding", "advance", "region"),
    [
        ({}, "T13@1.0", True, False, "africa"),
        ({"nature": "ADVANCE"}, "T13@1.0", True, True, "africa"),
        ({"nature": "INFORMAL"}, "T17@1.0", False, False, "africa"),
        ({}, "T16@1.0", False, False, "africa"),
        ({"requested_state": "BDI"}, "T13@1.0", True, False, "elsewhere"),
        ({"requested_state": "IGO-UN"}, "T10@1.0", True, False, "elsewhere"),
    ],
    ids=["formal", "advance", "informal", "voluntary", "former-party", "organization"],
)
def test_what_kind_of_request_it_is(
    common: dict[str, object], template: str, binding: bool, advance: bool, region: str
) -> None:
    """Informal and voluntary requests bind nobody; who is no State Party has a row of its own."""
    found = count(template=template, **common)
    assert (found.binding, found.advance, found.region) == (binding, advance, region)


def test_an_advance_copy_is_confirmed_by_a_step_or_from_the_beginning() -> None:
    """Either way it counts as confirmed, and nothing else does."""
    confirmed = taken(StepCode.FORMALLY_CONFIRMED, BEGIN + DAY, channel="DIPLOMATIC")
    assert count(confirmed, nature="ADVANCE").confirmed
    assert count(nature="ADVANCE", formal_confirmation={"status": "confirmed"}).confirmed
    assert not count(nature="ADVANCE", formal_confirmation={"status": "pending"}).confirmed


def test_it_counts_as_the_court_has_modified_it() -> None:
    """A request put under seal is sealed, and another priority is the one that counts."""
    modified = taken(
        StepCode.MODIFIED_BY_COURT,
        BEGIN,
        reason="x",
        changes={"confidentiality": "UNDER_SEAL", "priority": "P2"},
    )
    assert (count().sealed, count().priority) == (False, "P4")
    assert (count(modified).sealed, count(modified).priority) == (True, "P2")


def test_a_draft_for_consultation_is_no_request() -> None:
    """It is not counted."""
    common = sample_draft().common | {"nature": "CONSULTATION_DRAFT"}
    assert count_request(template="T13@1.0", common=common, issued_at=BEGIN, history=()) is None
