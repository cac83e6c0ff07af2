"""Where the clocks of a case stand: running, stopped and going on, met in time and late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies.requests.case.case import Case
from policies.requests.case.received import Received
from policies.requests.case.step import StepCode
from policies.requests.clocks.reading import ClockReading, ClockState, expired_clocks, read_clocks
from policies.requests.templates.registry import packaged_templates
from tests.policies.requests.case.test_outcome_sets import owed
from tests.policies.requests.case.world import DAY, HOUR, NOW, RequestRoom, acknowledged
from tests.policies.requests.check.test_answers import BY_ID
from tests.policies.requests.facts import BY_NAME, IDS

RIGHTS = {
    "brought_promptly_59_2": True, "warrant_applies_59_2_a": True, "proper_process_59_2_b": True,
    "rights_respected_59_2_c": True, "informed_interim_release_59_3": True,
}  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reading(case: Case, name: str, now: datetime) -> ClockReading:
    [found] = [each for each in read_clocks(case, now) if each.name == name]
    return found


def arrested(room: RequestRoom, day: str, at: datetime) -> Received:
    return room.answer("ARRESTED", {"arrest_date": day, "rights_checklist": RIGHTS}, at)


# T02: arrested on Monday 23 November 2026. Seven days of November, 31 of December and 22 of January make 60:
# the last day is Friday 22 January 2027, which ends at 23:00 in UTC.
DUE = utc("2027-01-22 23:00")


def test_the_sixty_days_begin_with_the_reported_arrest() -> None:
    """The clock of rule 188 starts at the day that the State reports, not at the day of its report."""
    room = RequestRoom(example=BY_NAME["T02"])
    assert reading(room.case(), "full_request_due", NOW).state is ClockState.NOT_STARTED
    case = room.case(arrested(room, "2026-11-23", NOW + 2 * DAY))
    for now, state in (
        (NOW + 2 * DAY, ClockState.RUNNING),
        (utc("2027-01-22 22:59:59"), ClockState.RUNNING),
        (DUE, ClockState.OVERDUE),
    ):
        found = reading(case, "full_request_due", now)
        assert (found.state, found.due, found.is_statutory) == (state, DUE, True)


def test_an_arrest_reported_by_another_channel_starts_them_too() -> None:
    """What the State has told by telephone or note counts from the day that the Court records."""
    room = RequestRoom(example=BY_NAME["T02"])
    case = room.case(
        room.step(StepCode.ARREST_REPORTED, NOW + 2 * DAY, arrest_date="2026-11-23", source="Note verbale")
    )
    assert reading(case, "full_request_due", NOW + 3 * DAY).due == DUE
    assert reading(case, "steps", NOW + 3 * DAY).state is ClockState.MET


def test_a_second_arrest_starts_them_anew() -> None:
    """After a release the person may be arrested again (article 92(4)), and 60 days run from that day."""
    room = RequestRoom(example=BY_NAME["T02"])
    released = room.answer("RELEASED_92_3", {"release_date": "2027-01-24"}, DUE + DAY)
    again = arrested(room, "2027-02-01", utc("2027-02-01 12:00"))
    case = room.case(arrested(room, "2026-11-23", NOW + HOUR), released, again)
    assert case.refused == ()
    # 27 days of February, 31 of March, 2 of April
    assert reading(case, "full_request_due", utc("2027-02-02 12:00")).due == utc("2027-04-02 22:00")


def test_release_is_lawful_only_once_the_days_have_run() -> None:
    """Before the end of the sixtieth day a release under article 92(3) is refused; after it consent is."""
    room = RequestRoom(example=BY_NAME["T02"])
    first = arrested(room, "2026-11-23", NOW + HOUR)
    consent = {"date": "2027-01-22", "national_law_permits": "Yes"}
    for at, held in ((utc("2027-01-22 22:59:59"), False), (DUE, True)):
        released = room.case(first, room.answer("RELEASED_92_3", {"release_date": "2027-01-22"}, at))
        assert ("RELEASED_92_3" in released.outcomes) is held
        consented = room.case(first, room.answer("CONSENTED_TO_SURRENDER_92_3", consent, at))
        assert ("CONSENTED_TO_SURRENDER_92_3" in consented.outcomes) is not held
    assert expired_clocks(room.case(first), DUE) == {"full_request_due"}


@pytest.mark.parametrize(
    ("received_on", "state", "late"),
    [
        (None, ClockState.OVERDUE, False),
        ("2027-01-22", ClockState.MET, False),
        ("2027-01-23", ClockState.MET, True),
    ],
)
def test_the_request_for_surrender_meets_them(received_on: str | None, state: ClockState, late: bool) -> None:
    """The clock ends when the State has the T01 with its documents, on the day that it had them."""
    room = RequestRoom(example=BY_NAME["T02"])
    details = {"request_id": "ROG-2026-AAAAAA", "template": "T01", "received_on": received_on}
    follow_up = room.step(
        StepCode.FOLLOW_UP, DUE + 2 * DAY, details={name: value for name, value in details.items() if value}
    )
    found = reading(
        room.case(arrested(room, "2026-11-23", NOW + HOUR), follow_up), "full_request_due", DUE + 3 * DAY
    )
    assert (found.state, found.was_late) == (state, late)


def test_acknowledged_in_time_and_late() -> None:
    """Twenty-four hours to acknowledge run from the delivery; any answer shows receipt."""
    room = RequestRoom(example=BY_NAME["T09"])
    delivered = room.step(StepCode.DELIVERED, NOW + HOUR)
    due = NOW + 25 * HOUR
    assert reading(room.case(), "acknowledge", due).state is ClockState.NOT_STARTED
    waiting = room.case(delivered)
    assert reading(waiting, "acknowledge", due - HOUR).state is ClockState.RUNNING
    assert reading(waiting, "acknowledge", due).state is ClockState.OVERDUE
    for at, late in ((due - HOUR, False), (due, True)):
        found = reading(room.case(delivered, acknowledged(room, at)), "acknowledge", due + DAY)
        assert (found.state, found.was_late, found.due) == (ClockState.MET, late, due)
    forwarded = room.answer("FORWARDED_TO_AUTHORITY", {"authority": "A judge"}, due - HOUR)
    assert reading(room.case(delivered, forwarded), "acknowledge", due).state is ClockState.MET


CONSULTATION = {"sub_code": "a", "question": "Which account?", "proposed_solution": "Name it"}


def test_stop_and_go() -> None:
    """A network clock stands still while the State waits for the Court, and goes on after its reply."""
    room = RequestRoom(example=BY_NAME["T10"])
    delivered = room.step(StepCode.DELIVERED, NOW)  # Monday 23 November
    consulted = room.answer("CONSULT_97", CONSULTATION, NOW + 2 * DAY)  # Wednesday 25
    replied = room.step(StepCode.CONSULTATION_ANSWERED, NOW + 7 * DAY, reply="This one")  # Monday 30
    before, during, after = (
        room.case(delivered),
        room.case(delivered, consulted),
        room.case(delivered, consulted, replied),
    )
    # 45 calendar days from Tuesday 24 November: Thursday 7 January
    assert reading(before, "complete", NOW + DAY).due == utc("2027-01-07 23:00")
    stopped = reading(during, "complete", NOW + 3 * DAY)
    assert (stopped.state, stopped.due) == (ClockState.STOPPED, None)
    receipt = room.case(delivered, consulted, acknowledged(room, NOW + 3 * DAY))
    assert reading(receipt, "complete", NOW + 4 * DAY).state is ClockState.STOPPED
    going = reading(after, "complete", NOW + 8 * DAY)
    # Wednesday to Monday are six days that are not counted: Wednesday 13 January
    assert (going.state, going.due) == (ClockState.RUNNING, utc("2027-01-13 23:00"))
    assert reading(after, "answer", NOW + 8 * DAY).state is ClockState.MET  # a consultation is a first answer


def test_a_receipt_is_no_first_answer() -> None:
    """A first answer says more than that the request has come."""
    room = RequestRoom(example=BY_NAME["T10"])
    case = room.case(room.step(StepCode.DELIVERED, NOW), acknowledged(room, NOW + HOUR))
    assert reading(case, "acknowledge", NOW + DAY).state is ClockState.MET
    assert reading(case, "answer", NOW + DAY).state is ClockState.RUNNING


def test_what_came_before_meets_no_clock_that_starts_anew() -> None:
    """A person who is transferred a second time has to be returned a second time (article 93(7)(b))."""
    room = RequestRoom(example=BY_NAME["T07"])
    codes = ("TRANSFER_AGREED", "EXECUTED", "RETURNED_TO_STATE", "EXECUTED")
    life = [
        room.answer(code, owed("T07", code), NOW + hours * HOUR) for hours, code in enumerate(codes, start=1)
    ]
    assert reading(room.case(*life[:3]), "return", NOW + DAY).state is ClockState.MET
    assert len(room.case(*life).history) == 4
    assert reading(room.case(*life), "return", NOW + DAY).state is ClockState.RUNNING


def test_what_the_law_counts_does_not_stop_for_a_consultation() -> None:
    """Sixty days in which a person is held run on while the State consults the Court."""
    room = RequestRoom(example=BY_NAME["T02"])
    case = room.case(
        arrested(room, "2026-11-23", NOW + HOUR), room.answer("CONSULT_97", CONSULTATION, NOW + DAY)
    )
    found = reading(case, "full_request_due", NOW + 2 * DAY)
    assert (found.state, found.due) == (ClockState.RUNNING, DUE)


def test_a_postponement_ends_on_the_day_that_was_agreed() -> None:
    """Article 94: the clock stands still until the agreed day has passed, then goes on by itself."""
    room = RequestRoom(example=BY_NAME["T10"])
    details = {**owed("T10", "POSTPONED_94"), "until_agreed_with_court": "2026-11-27"}
    case = room.case(
        room.step(StepCode.DELIVERED, NOW), room.answer("POSTPONED_94", details, NOW + DAY)
    )  # Tuesday 24 to Friday 27
    assert reading(case, "complete", utc("2026-11-27 22:59")).state is ClockState.STOPPED
    going = reading(case, "complete", utc("2026-11-27 23:00"))
    # four days are not counted, and the Saturday on which it goes on at midnight is touched by none
    assert (going.state, going.due) == (ClockState.RUNNING, utc("2027-01-11 23:00"))
    replied = room.step(StepCode.MODIFIED_BY_COURT, NOW + 2 * DAY, reason="x", changes={})
    assert (
        reading(
            room.case(
                room.step(StepCode.DELIVERED, NOW), room.answer("POSTPONED_94", details, NOW + DAY), replied
            ),
            "complete",
            NOW + 3 * DAY,
        ).state
        is ClockState.STOPPED
    )


def test_a_ruling_is_sought_within_fifteen_days() -> None:
    """Regulation 108(2): the days run from the declaration that consultations are exhausted."""
    room = RequestRoom(example=BY_NAME["T10"])
    exhausted = room.step(
        StepCode.CONSULTATIONS_EXHAUSTED, NOW + HOUR, consultations_exhausted_on="2026-11-23"
    )
    assert reading(room.case(), "ruling", NOW).state is ClockState.NOT_STARTED
    found = reading(room.case(exhausted), "ruling", NOW + DAY)
    assert (found.state, found.due) == (ClockState.RUNNING, utc("2026-12-08 23:00"))
    sought = room.answer(
        "RULING_SOUGHT_REG_108", {"consultations_exhausted_on": "2026-12-01"}, utc("2026-12-09 10:00")
    )
    late = reading(room.case(exhausted, sought), "ruling", utc("2026-12-10 10:00"))
    assert (late.state, late.was_late, late.due) == (ClockState.MET, True, utc("2026-12-08 23:00"))


def test_a_word_without_a_number_is_never_overdue() -> None:
    """'Immediately' is shown as long as it lasts, and never counted."""
    room = RequestRoom(example=BY_NAME["T01"])
    case = room.case(room.step(StepCode.DELIVERED, NOW + HOUR))
    found = reading(case, "steps", NOW + 300 * DAY)
    assert (found.state, found.due, found.clock.urging) == (ClockState.RUNNING, None, "immediately")
    assert reading(case, "surrender", NOW + DAY).state is ClockState.NOT_STARTED


def test_a_repeating_clock_begins_anew() -> None:
    """Word on progress is due every seven days; each round begins where the last one ended."""
    room = RequestRoom(example=BY_NAME["T01"])
    case = room.case(room.step(StepCode.DELIVERED, NOW))  # Monday 23 November: day 7 is Monday 30
    first = reading(case, "progress", NOW + 6 * DAY)
    assert (first.last_round, first.due) == (None, utc("2026-11-30 23:00"))
    second = reading(case, "progress", NOW + 10 * DAY)
    assert (second.state, second.last_round, second.due) == (
        ClockState.RUNNING, utc("2026-11-30 23:00"), utc("2026-12-07 23:00"),
    )  # fmt: skip


def test_a_period_of_notice_elapses() -> None:
    """Forty-five days of notice run out without anybody being late."""
    room = RequestRoom(example=BY_NAME["T16"])
    agreed = room.answer("AGREED", owed("T16", "AGREED"), NOW + HOUR)
    notice = room.answer("NOTICE_103_2_a", owed("T16", "NOTICE_103_2_a"), NOW + 2 * HOUR)
    case = room.case(agreed, notice)
    assert case.refused == ()
    assert reading(case, "notice", NOW + 3 * DAY).state is ClockState.RUNNING
    assert reading(case, "notice", utc("2027-01-07 23:00")).state is ClockState.ELAPSED


def test_conditions_choose_the_clocks() -> None:
    """An urgent request has the short clocks, any other the long ones, and a modification changes which."""
    room = RequestRoom(example=BY_NAME["T03"], common={"nature": "FORMAL_REFERENCE"})
    assert {each.name for each in read_clocks(room.case(), NOW)} == {
        "acknowledge_urgent", "answer_urgent", "ruling",
    }  # fmt: skip
    changes = {"urgency": "ROUTINE", "urgency_justification": None}
    calm = room.step(StepCode.MODIFIED_BY_COURT, NOW + HOUR, reason="The flight was missed", changes=changes)
    case = room.case(calm)
    assert case.refused == ()
    assert {each.name for each in read_clocks(case, NOW + DAY)} == {"acknowledge", "answer", "ruling"}


def test_a_case_that_is_over_has_no_running_clock() -> None:
    """Closed or withdrawn, nothing runs, and a draft never had a clock."""
    room = RequestRoom(example=BY_NAME["T10"])
    over = room.case(
        room.step(StepCode.DELIVERED, NOW), room.step(StepCode.WITHDRAWN_BY_COURT, NOW + DAY, reason="x")
    )
    assert {each.state for each in read_clocks(over, NOW + 300 * DAY)} == {ClockState.ENDED}
    draft = RequestRoom(example=BY_NAME["T10"], common={"nature": "CONSULTATION_DRAFT"})
    assert read_clocks(draft.case(draft.step(StepCode.DELIVERED, NOW)), NOW + DAY) == ()


@pytest.mark.parametrize("template", IDS)
def test_every_clock_of_every_template_can_be_read(template: str) -> None:
    """All clocks of a delivered request are read, the law's and the network's told apart."""
    room = RequestRoom(example=BY_ID[template])
    case = room.case(room.step(StepCode.DELIVERED, NOW))
    found = read_clocks(case, NOW + 400 * DAY)
    assert found
    assert {each.name for each in found} <= {*case.template.clocks, *packaged_templates().common.clocks}
    assert all(each.is_statutory == (each.clock.basis is not None) for each in found)
    for each in found:
        if each.state is ClockState.OVERDUE:
            assert each.due is not None
            assert each.due <= NOW + 400 * DAY
