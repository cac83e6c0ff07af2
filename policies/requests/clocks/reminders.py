"""Of which clocks both sides are reminded now: before they end and after, at most once a day in a room."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from policies.network.titles import Title
from policies.requests.case.case import Case
from policies.requests.case.step_details import RemindedClock, Reminding
from policies.requests.clocks.reading import ClockReading, ClockState
from policies.requests.clocks.the_hague import day_of
from policies.requests.templates.clock import Clock
from policies.requests.templates.kinds import ClockUnit
from policies.trust import canonical_json
from policies.trust.times import UtcTime

OUTSIDE_THE_ROOM = Title(
    en="A time limit needs attention in one of your request rooms.",
    fr="Un délai appelle votre attention dans l'un de vos salons de demande.",
)
"""All that may be said of a reminder anywhere else: neither which request, nor whose, nor what about."""

_WEEK = 7
_EVERY_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_LONG = 5
"""From how many days on a time limit is long enough to be reminded of two days before, not one."""


class ReminderSide(enum.StrEnum):
    """Who is reminded."""

    COURT = "court"
    STATE = "state"


class SentReminder(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder that was sent, and when."""

    at: UtcTime
    clocks: tuple[RemindedClock, ...]


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """What to remind of now, the law's limits first. It belongs in `room_id` and nowhere else."""

    room_id: str
    request_id: str
    clocks: tuple[RemindedClock, ...]
    sides: tuple[ReminderSide, ...] = (ReminderSide.COURT, ReminderSide.STATE)

    @property
    def details(self) -> dict[str, object]:
        """The details of the Court's step with which it is sent."""
        return canonical_json.from_struct(Reminding(clocks=self.clocks))


def reminder_due(
    case: Case, readings: Iterable[ClockReading], now: datetime, sent: Iterable[SentReminder] = ()
) -> Reminder | None:
    """Return the one reminder that is due in the room of a case, or None.

    `readings` are its clocks at `now`; `sent` are reminders that are not among its steps yet. All clocks that
    are due go into one. A stage that was missed while nobody was there is not made up for: the latest
    counts. A case that is over, and a clock that stands still, remind of nothing.
    """
    if case.state.is_over:
        return None
    before = [*_posted(case), *sent]
    if any(_same_day(each.at, now) for each in before):
        return None
    reminded = [clock for each in before for clock in each.clocks]
    due = [
        (not reading.is_statutory, clock.due, reading.name, clock)
        for reading in readings
        for clock in _stages(reading, now)
        if not any(_covers(each, clock) for each in reminded)
    ]
    clocks = tuple(clock for *_, clock in sorted(due, key=lambda each: each[:3]))
    if not clocks:
        return None
    return Reminder(room_id=case.request.room_id, request_id=case.request.id, clocks=clocks)


def _posted(case: Case) -> Iterator[SentReminder]:
    for entry in case.steps:
        if isinstance(entry.details, Reminding):
            yield SentReminder(at=entry.at, clocks=entry.details.clocks)


def _same_day(earlier: datetime, now: datetime) -> bool:
    """Tell whether a second reminder would be one too many, by the calendar or by the clock."""
    return day_of(earlier) == day_of(now) or abs(now - earlier) < _EVERY_DAY


def _covers(reminded: RemindedClock, clock: RemindedClock) -> bool:
    return (reminded.clock, reminded.due) == (clock.clock, clock.due) and reminded.stage >= clock.stage


def _stages(reading: ClockReading, now: datetime) -> Iterator[RemindedClock]:
    """Yield the stage that a clock has reached, if it has reached one."""
    if reading.state not in (ClockState.RUNNING, ClockState.OVERDUE):
        return
    due, stage = (reading.last_round, 0) if reading.clock.repeating else (reading.due, _stage(reading, now))
    if due is not None and stage is not None:
        yield RemindedClock(clock=reading.name, due=due, stage=stage)


def _stage(reading: ClockReading, now: datetime) -> int | None:
    """Return how many days from its end a clock's latest stage is: those before, then one a week."""
    if reading.due is None:
        return None
    last_day, today = day_of(reading.due - _MICROSECOND), day_of(now)
    if now >= reading.due:
        return 1 + max((today - last_day).days - 1, 0) // _WEEK * _WEEK
    left = (last_day - today).days
    return max((-days for days in _alerts(reading.clock) if left <= days), default=None)


def _alerts(clock: Clock) -> tuple[int, ...]:
    """Return the days before its end on which people are reminded: its own, or those of the network."""
    if clock.alerts:
        return clock.alerts
    count = clock.count or 0
    if clock.unit is ClockUnit.HOURS:
        return (1,) if count > 24 else ()
    return (2,) if count >= _LONG else (1,)
