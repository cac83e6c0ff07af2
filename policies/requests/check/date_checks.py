"""Checks of dates: after, not after or not before today or another field's date; calendar days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from policies.network.titles import Title
from policies.requests.check.reasons import say
from policies.requests.check.situation import Situation
from policies.requests.templates.check_table import Check, Offset
from policies.requests.templates.evaluate import as_date, value_at


def check_date_after(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """Later than the other day."""
    day, other = as_date(value), _other(check.date_after, at)
    if day is not None and other is not None and day <= other:
        yield say(at.reasons.date_not_after, label=at.label, value=day, other=other)


def check_date_not_after(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """That day, or earlier."""
    day, other = as_date(value), _other(check.date_not_after, at)
    if day is not None and other is not None and day > other:
        yield say(at.reasons.date_after, label=at.label, value=day, other=other)


def check_date_not_before(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """That day, or later."""
    day, other = as_date(value), _other(check.date_not_before, at)
    if day is not None and other is not None and day < other:
        yield say(at.reasons.date_before, label=at.label, value=day, other=other)


def _other(other: str | Offset | None, at: Situation) -> date | None:
    """Return the day to compare with; an offset from a date that nobody gives counts from today."""
    if other == "today":
        return at.today
    if isinstance(other, Offset):
        return (as_date(value_at(at.scope.values, other.field)) or at.today) + timedelta(days=other.days)
    return as_date(value_at(at.scope.values, other)) if other else None
