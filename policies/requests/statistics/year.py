"""The Court's reporting year: from September to September (report of the Bureau, II.C, paragraph 21)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import msgspec

from policies.requests.errors import YearUnknown
from policies.requests.statistics.rules import YearRules

_NAME = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")


class ReportingYear(msgspec.Struct, frozen=True, kw_only=True):
    """One year: `first_day` is in it, `end` is the first day that no longer is. Days are UTC.

    The report says September to September and no day: here the year begins with the month.
    """

    first_day: date
    end: date

    @property
    def title(self) -> str:
        """The year as reports call it: 2026-2027."""
        return f"{self.first_day.year}-{self.end.year}"

    def has(self, time: datetime) -> bool:
        """Tell whether a time, aware of its zone, is in the year."""
        return self.first_day <= time.astimezone(UTC).date() < self.end

    def is_over(self, today: date) -> bool:
        """Tell whether the year has ended. One release for one ended year leaves nothing to subtract."""
        return today >= self.end


def reporting_year(day: date, rules: YearRules) -> ReportingYear:
    """Return the reporting year that a day lies in."""
    year = day.year if day.month >= rules.first_month else day.year - 1
    return ReportingYear(first_day=date(year, rules.first_month, 1), end=date(year + 1, rules.first_month, 1))


def year_named(name: str, rules: YearRules) -> ReportingYear:
    """Return the year of that name: 2025-2026, or 2025 for the one that begins in it. Raises YearUnknown."""
    form = _NAME.fullmatch(name)
    first = int(form[1]) if form else 0
    if form is None or not date.min.year < first < date.max.year or form[2] not in (None, f"{first + 1:04}"):
        raise YearUnknown(
            f"{name[:40]!r} is no reporting year.",
            why=f"A reporting year begins with month {rules.first_month} and is named by the two it lies in.",
            remedy="Name it as 2025-2026.",
        )
    return reporting_year(date(first, rules.first_month, 1), rules)
