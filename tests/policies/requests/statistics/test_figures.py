"""Each figure of a report is what an independent reading of the same requests finds."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from policies.requests.errors import RecordInvalid
from policies.requests.statistics.measures import Measure, Rate, Time
from policies.requests.statistics.quantiles import coarse, quantile
from policies.requests.statistics.record import RequestRecord
from policies.requests.statistics.report import Row, report
from policies.requests.statistics.rules import packaged_rules
from tests.policies.requests.statistics import naive
from tests.policies.requests.statistics.records import BEGIN, HOUR, SMALL, YEAR, record, seeded

LARGE = st.builds(seeded, st.integers(0, 2**32), st.integers(100, 400))


def of(records: list[RequestRecord], dimension: str, row: str) -> list[RequestRecord]:
    return [each for each in records if not each.sealed and str(getattr(each, dimension)) == row]


@settings(max_examples=20, phases=(Phase.explicit, Phase.generate))
@given(records=LARGE)
def test_every_figure_is_right(records: list[RequestRecord]) -> None:
    """Counts are in their range, rates to the nearest five percent, times coarse."""
    shown = report(records, YEAR, dimensions=SMALL)
    _compare(shown.total, records)
    for table in shown.tables:
        for row in table.rows:
            _compare(row, of(records, table.dimension, row.row))


def _compare(row: Row, records: list[RequestRecord]) -> None:
    for measure, count in row.counts.items():
        assert count == sum(naive.holds(each, measure) for each in records) // 5 * 5
    for rate, percent in row.rates.items():
        assert abs(percent - naive.rate(records, rate)) <= 2.5
        assert percent % 5 == 0
    for time, span in row.times.items():
        median, ninety = naive.median_and_90(naive.hours(records, time))
        for given_hours, exact in ((span.median, median), (span.percentile_90, ninety)):
            assert abs(given_hours - exact) <= (0.5 if exact < 48 else 12)


@given(values=st.lists(st.integers(0, 10_000_000), min_size=2))
def test_quantiles_are_those_of_pythons_statistics(values: list[int]) -> None:
    """The median and the 90th percentile are the inclusive ones."""
    median, ninety = naive.median_and_90([float(value) for value in values])
    assert quantile(sorted(values), 50) == pytest.approx(median)
    assert quantile(sorted(values), 90) == pytest.approx(ninety)
    assert quantile([7], 90) == 7


@pytest.mark.parametrize(("hours", "shown"), [(0.4, 0), (47.4, 47), (48.1, 48), (59, 48), (61, 72)])
def test_times_are_coarse(hours: float, shown: int) -> None:
    """Hours up to two days, then days."""
    assert coarse(hours * 3600) == shown


def test_the_net_time_leaves_out_when_the_clocks_stood_still() -> None:
    """Twenty days of postponement count in the gross time and not in the net one."""
    records = [
        record(
            state=state,
            final_answer_at=BEGIN + 24 * 31 * HOUR,
            stood_still=timedelta(days=20),
        )
        for state in ("SEN", "KEN", "NGA", "GHA") * 3
    ]
    times = report(records, YEAR).total.times
    assert times[Time.FINAL_ANSWER].median == 30 * 24
    assert times[Time.NET_FINAL_ANSWER].median == 10 * 24


def test_another_stated_reason_is_counted_apart() -> None:
    """It is no lawful answer: it stands in its own column, and not among those that States answered."""
    states = ("SEN", "KEN", "NGA", "GHA") * 3
    apart = [record(state=state, final_answer_at=None, outcome="OTHER_STATED_REASON") for state in states]
    shown = report([*apart, *(record(state=state) for state in states)], YEAR).total
    assert shown.counts[Measure.OTHER_STATED_REASON] == 10
    assert shown.counts[Measure.ANSWERED] == 10


def test_what_the_court_withdrew_is_not_held_against_a_state() -> None:
    """A withdrawn request is issued, and no longer among those that must be executed."""
    states = ("SEN", "KEN", "NGA", "GHA") * 3
    withdrawn = [
        record(state=state, first_answer_at=None, final_answer_at=None, outcome="WITHDRAWN_BY_COURT")
        for state in states
    ]
    shown = report([*withdrawn, *(record(state=state) for state in states)], YEAR).total
    assert (shown.counts[Measure.ISSUED], shown.counts[Measure.BINDING]) == (20, 10)
    assert shown.rates[Rate.EXECUTION] == 100


def test_only_what_was_issued_in_the_year_counts() -> None:
    """The first moment of the year is in it, that of the next is not."""
    records = seeded(5, 200)
    never = {"delivered_at": None, "acknowledged_at": None, "first_answer_at": None, "final_answer_at": None,
             "outcome": None, "incomplete": False}  # fmt: skip
    outside = [
        msgspec.structs.replace(each, issued_at=issued, **never)
        for each in records
        for issued in (BEGIN - HOUR, BEGIN.replace(year=2027))
    ]
    assert report([*records, *outside], YEAR).total.counts[Measure.ISSUED] == 200
    assert all(each.issued_at == BEGIN for each in records)


@pytest.mark.parametrize(
    ("changes", "named", "near"),
    [
        ({"region": "afrika"}, "'afrika'", "'africa'"),
        ({"organ": "OPT"}, "'OPT'", "'OTP'"),
        ({"outcome": "EXECUTD"}, "'EXECUTD'", "'EXECUTED'"),
        ({"final_answer_at": None}, "EXECUTED", "final_answer_at"),
    ],
)
def test_a_request_that_cannot_be_counted_is_named(changes: dict[str, object], named: str, near: str) -> None:
    """A record whose row or outcome there is not is refused with the nearest; none is left out in silence."""
    with pytest.raises(RecordInvalid) as refused:
        report([record(**changes)], YEAR)
    assert named in refused.value.what
    assert near in refused.value.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"delivered_at": BEGIN - HOUR},
        {"acknowledged_at": BEGIN},
        {"delivered_at": None},
        {"first_answer_at": BEGIN + 200 * HOUR},
        {"first_answer_at": None},
        {"confirmed": True},
        {"stood_still": timedelta(days=-1)},
        {"final_answer_at": None, "stood_still": timedelta(days=1)},
    ],
)
def test_a_record_whose_times_cannot_be_is_refused(changes: dict[str, object]) -> None:
    """What is answered before it is delivered, or confirmed without an advance copy, is no record."""
    with pytest.raises(ValueError, match=r"before|advance|still"):
        record(**changes)


def test_the_reporting_year_is_the_courts() -> None:
    """It begins in September, as the report on cooperation has it, and its source is named."""
    shown = report([], YEAR)
    assert (str(shown.year.first_day), str(shown.year.end)) == ("2026-09-01", "2027-09-01")
    assert shown.year.title == "2026-2027"
    assert "paragraph 21" in packaged_rules().reporting_year.source
