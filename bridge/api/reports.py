"""The reports that the API has made: of each ended year one."""

from __future__ import annotations

import asyncio

from bridge.counting import YearCount
from bridge.register import Register
from policies.requests.statistics.report import Report, report
from policies.requests.statistics.year import ReportingYear


class Reports:
    """The reports of ended years. Such a year does not change any more: each is made once a process."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._made: dict[ReportingYear, Report] = {}
        self._making = asyncio.Lock()

    async def of(self, year: ReportingYear) -> Report:
        """Return the report of a year; meanwhile other calls are answered. Raises YearNotPublished."""
        async with self._making:
            if year not in self._made:
                count = YearCount(self._register, year)
                while count.read_page():  # noqa: ASYNC110 # nothing is waited for: others get their turn
                    await asyncio.sleep(0)
                self._made[year] = await asyncio.to_thread(lambda: report(count.records(), year))
            return self._made[year]
