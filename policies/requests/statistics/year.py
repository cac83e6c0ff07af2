"""The Court's reporting year: from September to September (report of the Bureau, II.C, paragraph 21)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from policies.requests.statistics.rules import YearRules


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
