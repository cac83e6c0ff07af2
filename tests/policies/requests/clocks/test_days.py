"""How days are counted, each date worked out by hand on a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.requests.clocks.days import Calendar, regulation_33_end, regulation_33_start
from policies.requests.clocks.due import due_of
from policies.requests.clocks.standstill import Standstill
from policies.requests.clocks.the_hague import day_of, end_of
from policies.requests.templates.clock import Clock
from policies.requests.templates.registry import packaged_templates

TEMPLATES = packaged_templates()
WEEKENDS = Calendar()
MOMENT = timedelta(microseconds=1)


def clock(template: str, name: str) -> Clock:
    found = TEMPLATES.current(template)
    return (found.clocks | found.common.clocks)[name]


def last_day(
    template: str, name: str, start: datetime | date, calendar: Calendar = WEEKENDS, *still: Standstill
) -> date:
    """The day to whose end a clock runs."""
    due = due_of(clock(template, name), start, still, calendar)
    assert due is not None
    assert end_of(day_of(due - MOMENT)) == due
    return day_of(due - MOMENT)


@pytest.mark.parametrize(
    ("arrested", "due"),
    [
        ("2026-11-20", "2027-01-19"),  # 10 days of November, 31 of December, 19 of January
        ("2027-12-31", "2028-02-29"),  # 31 + 29: a leap day is a day
        ("2026-12-31", "2027-03-01"),  # 31 + 28 + 1: no leap day
        ("2028-02-28", "2028-04-28"),  # 1 + 31 + 28
        ("2027-01-31", "2027-04-01"),  # 28 + 31 + 1
        ("2026-11-24", "2027-01-23"),  # a Saturday: what the law counts for a person held does not grow
    ],
)
def test_sixty_days_of_provisional_arrest(arrested: str, due: str) -> None:
    """Sixty plain calendar days after the day of the arrest, weekends or not (rule 188)."""
    assert last_day("T02", "full_request_due", date.fromisoformat(arrested)) == date.fromisoformat(due)


def test_days_end_in_the_hague() -> None:
    """A day ends at midnight in The Hague: an hour before that of UTC in winter, two in summer."""
    assert due_of(clock("T02", "full_request_due"), date(2026, 11, 20), (), WEEKENDS) == datetime(
        2027, 1, 19, 23, tzinfo=UTC
    )
    assert due_of(clock("T02", "full_request_due"), date(2027, 5, 1), (), WEEKENDS) == datetime(
        2027, 6, 30, 22, tzinfo=UTC
    )


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - made aware below
def test_the_hague_is_that_of_the_table_of_time_zones(naive: datetime) -> None:
    """Our reckoning of summer time agrees with the table of time zones, at every moment of a century."""
    moment = naive.replace(tzinfo=UTC)
    amsterdam = ZoneInfo("Europe/Amsterdam")
    assert day_of(moment) == moment.astimezone(amsterdam).date()
    midnight = datetime.combine(naive.date() + timedelta(days=1), datetime.min.time(), tzinfo=amsterdam)
    assert end_of(naive.date()) == midnight.astimezone(UTC)


@pytest.mark.parametrize(
    ("notified", "first"),
    [
        ("2026-11-23", "2026-11-24"),  # Monday: counting begins on Tuesday
        ("2026-11-26", "2026-11-27"),  # Thursday: on Friday
        ("2026-11-27", "2026-11-30"),  # Friday: on the next working day, Monday
        ("2026-11-28", "2026-11-30"),
        ("2026-12-23", "2026-12-28"),  # the eve of holidays: on the Monday after them
    ],
)
def test_when_counting_begins(notified: str, first: str) -> None:
    """The day of notification is not counted; after a Friday or the eve of a holiday, Monday is the first."""
    christmas = Calendar(frozenset({date(2026, 12, 24), date(2026, 12, 25)}))
    start = regulation_33_start(date.fromisoformat(notified), christmas)
    assert start + timedelta(days=1) == date.fromisoformat(first)


def test_when_a_limit_ends_on_a_day_off() -> None:
    """A limit that ends on a day on which the Court does not work ends on the next on which it does."""
    christmas = Calendar(frozenset({date(2026, 12, 25)}))
    assert regulation_33_end(date(2026, 11, 28), WEEKENDS) == date(2026, 11, 30)
    assert regulation_33_end(date(2026, 12, 25), christmas) == date(2026, 12, 28)
    assert regulation_33_end(date(2026, 11, 27), WEEKENDS) == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("template", "name", "start", "due"),
    [
        ("T13", "ruling", "2026-11-23", "2026-12-08"),  # Reg 108(2): Tuesday 24 is day 1, 8 December day 15
        ("T13", "ruling", "2026-11-27", "2026-12-14"),  # Friday: Monday 30 is day 1, 14 December day 15
        ("T13", "ruling", "2026-11-20", "2026-12-07"),  # Friday: Monday 23 is day 1, 7 December day 15
        ("T13", "ruling", "2026-11-26", "2026-12-11"),  # Thursday: Friday 27 is day 1, Friday 11 day 15
        ("T13", "ruling", "2026-11-25", "2026-12-10"),
        ("T12", "measure", "2026-11-25", "2026-11-30"),  # Wednesday: day 3 is Saturday, so Monday
        ("T12", "measure", "2026-11-27", "2026-12-02"),  # Friday: Monday, Tuesday, Wednesday
        ("T10", "complete", "2027-12-31", "2028-02-16"),  # Friday: Monday 3 January is day 1; 29 + 16
        ("T03", "acknowledge", "2026-11-27", "2026-12-01"),  # two working days from a Friday: Tuesday
        ("T03", "answer", "2026-11-23", "2026-12-07"),  # ten working days: four, five, and one
        ("T17", "acknowledge", "2026-11-26", "2026-11-27"),
        ("T16", "notice", "2026-11-20", "2027-01-04"),  # 103(2)(a): 10 + 31 + 4 plain calendar days
        ("T16", "notice", "2026-11-19", "2027-01-03"),  # a Sunday, and stays one
    ],
)
def test_days_of_the_network_and_of_proceedings(template: str, name: str, start: str, due: str) -> None:
    """Regulation 33 counts in proceedings and in the network; the law's other days are plain ones."""
    noon = datetime.combine(date.fromisoformat(start), datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
    assert last_day(template, name, noon) == date.fromisoformat(due)


def test_holidays_are_the_courts_to_say() -> None:
    """An official holiday that is entered counts as no working day."""
    calendar = Calendar(frozenset({date(2026, 11, 24)}))
    assert last_day("T03", "acknowledge", date(2026, 11, 23), calendar) == date(2026, 11, 26)


def test_hours_run_through_nights_and_weekends() -> None:
    """Ninety-six hours after an unscheduled landing are four times twenty-four, to the second (89(3)(e))."""
    landed = datetime(2026, 11, 27, 20, 15, 30, tzinfo=UTC)
    assert due_of(clock("X2", "landing_96h"), landed, (), WEEKENDS) == datetime(
        2026, 12, 1, 20, 15, 30, tzinfo=UTC
    )


def still(begin: str, end: str | None) -> Standstill:
    read = datetime.fromisoformat
    return Standstill(begin=read(begin), end=read(end) if end else None)


def test_days_of_standing_still_are_not_counted() -> None:
    """A day on any part of which the clock stood still is not counted; hours are moved by what they stood."""
    consulted = still("2026-11-25T10:00:00Z", "2026-11-26T09:00:00Z")
    assert last_day("T03", "answer", date(2026, 11, 23), WEEKENDS) == date(2026, 12, 7)
    assert last_day("T03", "answer", date(2026, 11, 23), WEEKENDS, consulted) == date(2026, 12, 9)
    asked = datetime(2026, 11, 23, 10, tzinfo=UTC)
    two = (
        still("2026-11-23T12:00:00Z", "2026-11-23T15:00:00Z"),
        still("2026-11-24T11:00:00Z", "2026-11-24T12:30:00Z"),
    )
    assert due_of(clock("T09", "acknowledge"), asked, two, WEEKENDS) == datetime(
        2026, 11, 24, 14, 30, tzinfo=UTC
    )
    before = still("2026-11-22T12:00:00Z", "2026-11-23T11:00:00Z")
    assert due_of(clock("T09", "acknowledge"), asked, (before,), WEEKENDS) == datetime(
        2026, 11, 24, 11, tzinfo=UTC
    )
    after = still("2026-11-24T10:00:00Z", "2026-11-25T10:00:00Z")
    assert due_of(clock("T09", "acknowledge"), asked, (after,), WEEKENDS) == datetime(
        2026, 11, 24, 10, tzinfo=UTC
    )


def test_nobody_can_say_the_end_while_it_stands_still() -> None:
    """A clock that stands still has no end; one that had run out before keeps its own."""
    asked = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert (
        due_of(clock("T09", "acknowledge"), asked, (still("2026-11-23T12:00:00Z", None),), WEEKENDS) is None
    )
    late = (still("2026-11-24T12:00:00Z", None),)
    assert due_of(clock("T09", "acknowledge"), asked, late, WEEKENDS) == datetime(
        2026, 11, 24, 10, tzinfo=UTC
    )
