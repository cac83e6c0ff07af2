"""Counting days: calendar days, working days, and days as the Regulations of the Court, 33, have them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

_SATURDAY = 5
_DAY = timedelta(days=1)


class Calendar:
    """The days on which the Court works: Monday to Friday, without its official `holidays`.

    The holidays are the Court's to say, so none are built in: whoever runs the network gives them.
    """

    def __init__(self, holidays: frozenset[date] = frozenset()) -> None:
        self._holidays = holidays

    def works(self, day: date) -> bool:
        """Tell whether the Court works on a day."""
        return day.weekday() < _SATURDAY and day not in self._holidays

    def next_working_day(self, day: date) -> date:
        """Return the day itself, or the next on which the Court works."""
        while not self.works(day):
            day += _DAY
        return day


WEEKENDS_ONLY = Calendar()
"""The calendar as long as nobody has said the holidays of the Court."""


def nth_day(after: date, count: int, counts: Callable[[date], bool]) -> date:
    """Return the `count`-th day after a day, itself not counted, of those for which `counts` holds."""
    day = after
    while count > 0:
        day += _DAY
        count -= counts(day)
    return day


def regulation_33_start(notified_on: date, calendar: Calendar) -> date:
    """Return the day after which counting begins.

    The day of notification is not counted; after a Friday, or the eve of a holiday, the first day that
    counts is the next on which the Court works (Regulation 33(1)).
    """
    return calendar.next_working_day(notified_on + _DAY) - _DAY


def regulation_33_end(last_day: date, calendar: Calendar) -> date:
    """Return the day on which a time limit ends: the last, or the Court's next working day after it."""
    return calendar.next_working_day(last_day)
