"""GET /v1/statistics: the reporting years that are over, each as JSON, CSV and a plot."""

from __future__ import annotations

import enum

import msgspec
from aiohttp import web

from bridge.api.call import Call
from bridge.api.operation import Operation, json_answer
from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from bridge.api.tokens import Scope
from bridge.counting import published_years
from bridge.errors import YearNotPublished
from policies.requests.errors import YearUnknown
from policies.requests.statistics.render_csv import render_csv
from policies.requests.statistics.render_svg import render_svg
from policies.requests.statistics.report import Report
from policies.requests.statistics.rules import packaged_rules
from policies.requests.statistics.year import year_named

_YEAR = "/v1/statistics/{year}"
_CSV, _SVG = "text/csv", "image/svg+xml"


class Dimension(enum.StrEnum):
    """What a plot's bars are for."""

    REGION = "region"
    PRIORITY = "priority"
    TEMPLATE = "template"
    ORGAN = "organ"


class Language(enum.StrEnum):
    """The languages of a plot."""

    EN = "en"
    FR = "fr"


class PlotQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which plot: its bars `by` region, priority, template or organ, its words in English or French."""

    by: Dimension = Dimension.REGION
    language: Language = Language.EN


class PublishedYears(msgspec.Struct, frozen=True, kw_only=True):
    """The reporting years that can be had, oldest first, as 2025-2026."""

    years: tuple[str, ...]


async def _years(call: Call) -> web.Response:
    years = published_years(call.service.register)
    return json_answer(PublishedYears(years=tuple(year.title for year in years)))


async def _report(call: Call) -> web.Response:
    return json_answer(await _made(call))


async def _table(call: Call) -> web.Response:
    return web.Response(text=render_csv(await _made(call)), content_type=_CSV)


async def _plot(call: Call) -> web.Response:
    query = call.query(PlotQuery)
    return web.Response(text=render_svg(await _made(call), query.by, query.language), content_type=_SVG)


async def _made(call: Call) -> Report:
    """Return the report of the year that the path names. Raises ApiProblem for one that cannot be had."""
    try:
        year = year_named(call.request.match_info["year"], packaged_rules().reporting_year)
        return await call.service.reports.of(year)
    except (YearUnknown, YearNotPublished) as error:
        found = FieldProblem("year", error.why, "network default")
        detail = f"{error.what} {error.remedy}"
        raise ApiProblem(ProblemKind.YEAR_NOT_PUBLISHED, detail, [found]) from None


STATISTICS = (
    Operation(
        method="GET",
        path="/v1/statistics",
        name="listStatistics",
        summary="List the reporting years of which there are statistics: those that are over",
        handler=_years,
        scope=Scope.STATISTICS,
        answer=PublishedYears,
    ),
    Operation(
        method="GET",
        path=_YEAR,
        name="showStatistics",
        summary="Show counts, rates and times of a reporting year",
        handler=_report,
        scope=Scope.STATISTICS,
        answer=Report,
        problems=(ProblemKind.YEAR_NOT_PUBLISHED,),
    ),
    Operation(
        method="GET",
        path=f"{_YEAR}/csv",
        name="tabulateStatistics",
        summary="Show a reporting year as CSV, one figure a line",
        handler=_table,
        scope=Scope.STATISTICS,
        answer=None,
        media_type=_CSV,
        problems=(ProblemKind.YEAR_NOT_PUBLISHED,),
    ),
    Operation(
        method="GET",
        path=f"{_YEAR}/svg",
        name="plotStatistics",
        summary="Show how States responded, beside how often the Court's requests were incomplete, as SVG",
        handler=_plot,
        scope=Scope.STATISTICS,
        query=PlotQuery,
        answer=None,
        media_type=_SVG,
        problems=(ProblemKind.YEAR_NOT_PUBLISHED,),
    ),
)
