"""When a clock ends: hours, calendar days and working days, without the times of standing still."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from policies.requests.clocks.days import Calendar, nth_day, regulation_33_end, regulation_33_start
from policies.requests.clocks.standstill import Standstill
from policies.requests.clocks.the_hague import day_of, end_of
from policies.requests.templates.clock import Clock
from policies.requests.templates.kinds import ClockKind, ClockUnit


def due_of(
    clock: Clock, start: datetime | date, still: tuple[Standstill, ...], calendar: Calendar
) -> datetime | None:
    """Return the moment, in UTC, from which a clock has run out; None while it stands still without an end.

    Hours run from the very moment. Days are those of The Hague; the day of the start is not counted, nor any
    on which the clock stood still, and the last one counts to its end. Regulation 33, with its rules for
    Fridays, holidays and the last day, binds in proceedings before the Court and is the usage of the network.
    Other limits of the law are plain calendar days: 60 days in which a person is held (rule 188) do not grow
    because they end on a Sunday, and the template computes `full_request_due` likewise.
    """
    closed = tuple(each for each in still if each.end is not None)
    count = clock.count or 0
    if clock.unit is ClockUnit.HOURS:
        due = _hours(_moment(start), count, closed)
    else:
        due = end_of(_last_day(clock, _day(start), count, closed, calendar))
    stands = still[-1].begin if len(closed) < len(still) else None
    return due if stands is None or stands >= due else None


def rounds(
    clock: Clock, start: datetime | date, still: tuple[Standstill, ...], calendar: Calendar, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return when the last round of a repeating clock ended by `now`, and when the next one ends."""
    last, following = None, due_of(clock, start, still, calendar)
    while following is not None and following <= now:
        ended = day_of(following - timedelta(microseconds=1))
        last, following = following, due_of(clock, ended, still, calendar)
    return last, following


def _hours(start: datetime, count: int, closed: tuple[Standstill, ...]) -> datetime:
    due = start + timedelta(hours=count)
    for each in closed:
        if each.end is not None and each.begin < due:
            due += max(each.end - max(each.begin, start), timedelta())
    return due


def _last_day(
    clock: Clock, start: date, count: int, closed: tuple[Standstill, ...], calendar: Calendar
) -> date:
    working = clock.unit is ClockUnit.WORKING_DAYS

    def counts(day: date) -> bool:
        return (not working or calendar.works(day)) and not any(each.touches(day) for each in closed)

    if working or not (clock.proceedings or clock.kind is ClockKind.NETWORK):
        return nth_day(start, count, counts)
    return regulation_33_end(nth_day(regulation_33_start(start, calendar), count, counts), calendar)


def _day(start: datetime | date) -> date:
    return day_of(start) if isinstance(start, datetime) else start


def _moment(start: datetime | date) -> datetime:
    """Return the moment itself; of a day, its beginning."""
    return start if isinstance(start, datetime) else end_of(start - timedelta(days=1))
