"""Reminders: to both sides, before and after, never two in a day, never in another room."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.requests.case.case import Case
from policies.requests.case.step import StepCode
from policies.requests.clocks.reading import read_clocks
from policies.requests.clocks.reminders import (
    OUTSIDE_THE_ROOM,
    Reminder,
    ReminderSide,
    SentReminder,
    reminder_due,
)
from policies.requests.clocks.the_hague import day_of
from tests.policies.requests.case.world import DAY, HOUR, NOW, ROOM, RequestRoom, acknowledged
from tests.policies.requests.clocks.test_reading import CONSULTATION, DUE, arrested, utc
from tests.policies.requests.facts import BY_NAME


def due(case: Case, now: datetime, *sent: SentReminder) -> Reminder | None:
    return reminder_due(case, read_clocks(case, now), now, sent)


def through(case: Case, begin: datetime, end: datetime, every: timedelta) -> list[SentReminder]:
    """What is sent when somebody looks again and again."""
    sent: list[SentReminder] = []
    now = begin
    while now <= end:
        reminder = due(case, now, *sent)
        if reminder is not None:
            sent.append(SentReminder(at=now, clocks=reminder.clocks))
        now += every
    return sent


def arrest_case() -> tuple[RequestRoom, Case]:
    room = RequestRoom(example=BY_NAME["T02"])
    return room, room.case(arrested(room, "2026-11-23", NOW + HOUR))


def test_a_provisional_arrest_warns_at_30_14_7_and_2_days() -> None:
    """The sixty days of a provisional arrest warn thirty, fourteen, seven and two days before their end.

    They end with 22 January 2027, so on 23 December, and on 8, 15 and 20 January; then they are overdue.
    """
    _, case = arrest_case()
    sent = through(case, NOW + 2 * HOUR, DUE + 9 * DAY, HOUR)
    assert [(day_of(each.at), [clock.stage for clock in each.clocks]) for each in sent] == [
        (date(2026, 12, 23), [-30]),
        (date(2027, 1, 8), [-14]),
        (date(2027, 1, 15), [-7]),
        (date(2027, 1, 20), [-2]),
        (date(2027, 1, 23), [1]),
        (date(2027, 1, 30), [8]),
    ]
    assert {(clock.clock, clock.due) for each in sent for clock in each.clocks} == {("full_request_due", DUE)}


def test_both_sides_in_the_room_of_the_request_and_nowhere_else() -> None:
    """A reminder names its room and both sides; what may be said elsewhere names nothing at all."""
    _, case = arrest_case()
    reminder = due(case, utc("2026-12-23 10:00"))
    assert reminder is not None
    assert (reminder.room_id, reminder.request_id) == (ROOM, case.request.id)
    assert set(reminder.sides) == {ReminderSide.COURT, ReminderSide.STATE}
    words = f"{OUTSIDE_THE_ROOM.en} {OUTSIDE_THE_ROOM.fr}"
    for secret in (case.request.id, ROOM, "SEN", "T02", "arrest", *map(str, case.request.fields.values())):
        assert secret not in words


def test_what_was_posted_is_not_sent_again() -> None:
    """The Court's signed reminder is remembered by the case itself: after a restart nothing is sent twice."""
    room, case = arrest_case()
    now = utc("2026-12-23 10:00")
    reminder = due(case, now)
    assert reminder is not None
    posted = room.case(
        arrested(room, "2026-11-23", NOW + HOUR), room.step(StepCode.REMINDER, now, details=reminder.details)
    )
    assert posted.refused == ()
    assert due(posted, now) is None
    assert due(posted, utc("2027-01-07 10:00")) is None
    assert due(posted, utc("2027-01-08 10:00")) is not None


def test_missed_stages_are_not_made_up_for() -> None:
    """After weeks without anybody looking, the latest stage alone is due."""
    _, case = arrest_case()
    reminder = due(case, utc("2027-01-16 10:00"))
    assert reminder is not None
    assert [clock.stage for clock in reminder.clocks] == [-7]
    later = SentReminder(at=utc("2027-01-16 10:00"), clocks=reminder.clocks)
    assert due(case, utc("2027-01-10 10:00"), later) is None  # a machine whose clock was put back


def test_all_clocks_of_a_day_are_one_reminder_the_law_first() -> None:
    """What is due on the same day comes as one, statutory limits before those of the network."""
    room = RequestRoom(example=BY_NAME["T10"])
    exhausted = room.step(
        StepCode.CONSULTATIONS_EXHAUSTED, NOW + HOUR, consultations_exhausted_on="2026-11-23"
    )
    case = room.case(room.step(StepCode.DELIVERED, NOW), exhausted)
    reminder = due(case, utc("2026-12-20 10:00"))
    assert reminder is not None
    assert [clock.clock for clock in reminder.clocks] == ["ruling", "acknowledge", "answer"]


def test_none_for_what_is_over_met_or_stands_still() -> None:
    """A withdrawn case, a clock that was met and one that stands still remind of nothing."""
    room = RequestRoom(example=BY_NAME["T09"])
    delivered = room.step(StepCode.DELIVERED, NOW)
    late = NOW + 3 * DAY
    assert due(room.case(delivered), late) is not None
    withdrawn = room.step(StepCode.WITHDRAWN_BY_COURT, NOW + HOUR, reason="x")
    assert due(room.case(delivered, withdrawn), late) is None
    stale = read_clocks(room.case(delivered), late)
    assert reminder_due(room.case(delivered, withdrawn), stale, late) is None
    assert due(room.case(delivered, acknowledged(room, NOW + HOUR)), late) is None
    whole = RequestRoom(example=BY_NAME["T10"])
    begun = (whole.step(StepCode.DELIVERED, NOW), whole.answer("CONSULT_97", CONSULTATION, NOW + HOUR))
    assert due(whole.case(*begun), NOW + 100 * DAY) is None
    assert due(room.case(), NOW + 100 * DAY) is None


@pytest.mark.parametrize(
    ("earlier", "now", "again"),
    [
        ("2027-01-08 22:30", "2027-01-08 23:30", False),  # midnight in The Hague has passed; a day has not
        ("2027-01-08 10:00", "2027-01-09 09:59", False),
        ("2027-01-08 10:00", "2027-01-09 10:00", True),
        ("2027-10-30 22:10", "2027-10-31 22:10", False),  # the Sunday of 25 hours, on which summer time ends
        ("2027-10-29 22:10", "2027-10-30 22:10", True),
    ],
)
def test_never_two_in_a_day(earlier: str, now: str, again: bool) -> None:
    """Between two reminders in a room lie a date of The Hague and twenty-four hours."""
    _, case = arrest_case()
    assert (due(case, utc(now), SentReminder(at=utc(earlier), clocks=())) is not None) is again


def test_a_repeating_clock_reminds_at_each_round() -> None:
    """Every seventh day asks for word on progress, once."""
    room = RequestRoom(example=BY_NAME["T01"])
    case = room.case(room.step(StepCode.DELIVERED, NOW), acknowledged(room, NOW + HOUR))
    sent = through(case, NOW + 2 * HOUR, NOW + 22 * DAY, HOUR)
    assert [day_of(each.at) for each in sent] == [date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)]
    assert {clock.clock for each in sent for clock in each.clocks} == {"progress"}


@settings(max_examples=60)
@given(
    st.sampled_from(["T01", "T02", "T03", "T10", "T13", "T16", "T19", "X2"]),
    st.lists(st.integers(0, 80 * 24), min_size=1, max_size=60).map(sorted),
)
def test_whoever_looks_when_they_like(example: str, hours: list[int]) -> None:
    """However irregularly anybody looks: never two in a day, no stage of a clock twice, none for no clock."""
    room = RequestRoom(example=BY_NAME[example])
    case = room.case(room.step(StepCode.DELIVERED, NOW))
    sent: list[SentReminder] = []
    for now in (NOW + timedelta(hours=each) for each in hours):
        reminder = due(case, now, *sent)
        if reminder is not None:
            assert reminder.clocks
            assert due(case, now, *sent) == reminder
            sent.append(SentReminder(at=now, clocks=reminder.clocks))
    assert all(later.at - before.at >= DAY for before, later in pairwise(sent))
    stages = [(clock.clock, clock.due, clock.stage) for each in sent for clock in each.clocks]
    assert len(stages) == len(set(stages))
