"""The time of The Hague, in which days are counted (Regulations of the Court, 33)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

_WINTER = timezone(timedelta(hours=1), "CET")
_SUMMER = timezone(timedelta(hours=2), "CEST")
_ONE_O_CLOCK = time(1, tzinfo=UTC)


def day_of(moment: datetime) -> date:
    """Return the day that it is in The Hague at an aware time."""
    return moment.astimezone(_zone(moment)).date()


def end_of(day: date) -> datetime:
    """Return the first moment, in UTC, after a day of The Hague."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=_WINTER)
    return midnight.replace(tzinfo=_zone(midnight)).astimezone(UTC)


def _zone(moment: datetime) -> timezone:
    """Return winter or summer time: it changes on the last Sundays of March and October, at 01:00 UTC.

    So Directive 2000/84/EC has it for all of the European Union. It is reckoned here, not read from the
    machine, which may have no table of time zones, or another one.
    """
    year = moment.astimezone(UTC).year
    begin, end = (datetime.combine(_last_sunday(year, month), _ONE_O_CLOCK) for month in (3, 10))
    return _SUMMER if begin <= moment < end else _WINTER


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
