"""Nothing that is held back can be recomputed from all that is published."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from policies.requests.statistics import report as reports
from policies.requests.statistics.measures import Measure, Rate, Time
from policies.requests.statistics.published import Published, held_back_alone
from policies.requests.statistics.record import RequestRecord
from policies.requests.statistics.report import Report, report
from policies.requests.statistics.rules import Disclosure, packaged_rules
from policies.requests.statistics.tabulate import Tally
from tests.policies.requests.statistics.auditor import Auditor
from tests.policies.requests.statistics.naive import holds
from tests.policies.requests.statistics.records import (
    EXACT,
    SMALL,
    STATES,
    YEAR,
    record,
    record_lists,
    seeded,
)

ROUNDED = packaged_rules().disclosure
SHORT = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
audits = settings(max_examples=25, phases=(Phase.explicit, Phase.generate), suppress_health_check=SHORT)
"""25 tables, rounded and exact. Shrinking would keep the solver busy for minutes: the seed is enough."""


def published(records: list[RequestRecord], disclosure: Disclosure) -> Report:
    rules = msgspec.structs.replace(packaged_rules(), disclosure=disclosure)
    return report(records, YEAR, rules=rules, dimensions=SMALL)


sizes = pytest.mark.parametrize(
    ("disclosure", "sizes"),
    [(ROUNDED, (0, 5, 20, 60, 120, 250, 500)), (EXACT, (5, 10, 20, 40))],
    ids=["rounded", "exact"],
)
"""Tables from empty to mostly shown. Without rounding the search for what to hold back is long."""


@sizes
@audits
@given(seed=st.integers(0, 2**32))
def test_no_figure_that_is_held_back_can_be_recomputed(
    disclosure: Disclosure, sizes: tuple[int, ...], seed: int
) -> None:
    """To whoever reads all tables, each count that is held back is one of several, as promised."""
    audited = Auditor(published(seeded(seed, sizes[seed % len(sizes)]), disclosure).as_object())
    for cell, width in audited.ranges().items():
        assert width >= disclosure.least_range, cell


@sizes
@settings(audits, max_examples=3)
@given(seed=st.integers(0, 2**32))
def test_one_request_more_leaks_nothing(disclosure: Disclosure, sizes: tuple[int, ...], seed: int) -> None:
    """With one request more, what is held back then is as safe as before."""
    records = seeded(seed, sizes[seed % len(sizes)])
    for each in (records, [*records, *seeded(seed + 1, 1)]):
        ranges = Auditor(published(each, disclosure).as_object()).ranges()
        assert min(ranges.values()) >= disclosure.least_range


def lonely() -> list[RequestRecord]:
    """Two regions that may be shown, and one of a single request: the total gives it away."""
    many = [
        record(region=region, state=state, binding=False)
        for region in ("africa", "grulac")
        for state in STATES[region][:3] * 4
    ]
    return [*many, record(region="weog", state="NOR", binding=False)]


def test_the_auditor_finds_what_one_suppression_leaves_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were only small counts held back, the total and the other rows would give one away, and it is found."""
    safe = published(lonely(), EXACT)
    assert min(Auditor(safe.as_object()).ranges().values()) >= EXACT.least_range
    monkeypatch.setattr(reports, "publish", _hold_back_small_ones_only)
    told = Auditor(published(lonely(), EXACT).as_object()).ranges()
    assert told["region", "weog", "issued"] == 1


def _hold_back_small_ones_only(counted: Tally, rules: Disclosure) -> Published:
    return Published(counted, held_back_alone(counted, rules), rules)


def test_what_is_safe_is_shown() -> None:
    """Holding back is not all: of many requests to many States, each table shows what was issued."""
    records = [
        record(region=region, state=state, organ=organ, template=template, priority=priority)
        for region, states in STATES.items()
        if region != "weog"
        for state in states
        for organ in SMALL["organ"]
        for template in SMALL["template"]
        for priority in SMALL["priority"]
    ] * 3
    shown = published(records, ROUNDED)
    assert shown.total.counts[Measure.ISSUED] == len(records) // 5 * 5
    for table in shown.tables:
        assert [row.row for row in table.rows if Measure.ISSUED in row.counts] == [
            row for row in SMALL[table.dimension] if row != "weog"
        ]


@audits
@given(records=record_lists)
def test_no_figure_rests_on_too_little(records: list[RequestRecord]) -> None:
    """Each count that is shown is of five requests or more, to three States or more, none with over half."""
    shown = published(records, ROUNDED)
    for dimension, row in [("", shown.total)] + [(t.dimension, row) for t in shown.tables for row in t.rows]:
        for measure, count in row.counts.items():
            behind = [each for each in records if _counts(each, dimension, row.row, measure)]
            states = Counter(each.state for each in behind)
            assert len(behind) >= 5
            assert len(states) >= 3
            assert max(states.values()) <= len(behind) / 2
            assert count <= len(behind) < count + 5


def _counts(each: RequestRecord, dimension: str, row: str, measure: str) -> bool:
    if dimension and (each.sealed or str(getattr(each, dimension)) != row):
        return False
    return holds(each, measure)


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["SEN"] * 2 + ["KEN", "NGA"], False),
        (["SEN"] * 2 + ["KEN"] * 2 + ["NGA"], True),
        (["SEN"] * 3 + ["KEN"] * 3, False),
        (["SEN"] * 4 + ["KEN"] * 2 + ["NGA"] * 2, True),
        (["SEN"] * 5 + ["KEN"] * 2 + ["NGA"] * 2, False),
    ],
)
def test_requests_states_and_dominance_each_hold_back(states: list[str], shown: bool) -> None:
    """Fewer than five requests, fewer than three States, or more than half of one State: nothing is shown."""
    total = published([record(state=state) for state in states], ROUNDED).total
    assert (Measure.ISSUED in total.counts) is shown


def test_rates_and_times_need_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of nine requests there is a count, of ten also rates and times."""
    monkeypatch.setattr(reports, "publish", _hold_back_small_ones_only)
    three = ["SEN", "KEN", "NGA"]
    nine = published([record(state=state) for state in three * 3], ROUNDED).total
    assert (nine.counts[Measure.ACKNOWLEDGED], nine.rates, nine.times) == (5, {}, {})
    ten = published([record(state=state) for state in [*three * 3, "GHA"]], ROUNDED).total
    assert ten.rates[Rate.RESPONSE] == 100
    assert ten.times[Time.ACKNOWLEDGEMENT].median == 24


def test_requests_under_seal_count_in_the_total_alone() -> None:
    """A sealed request adds to all requests, and to no row that could tell its State or template."""
    open_ones = [each for each in seeded(3, 500) if not each.sealed]
    sealed = [msgspec.structs.replace(each, sealed=True) for each in seeded(4, 100)]
    shown = published([*open_ones, *sealed], ROUNDED)
    assert shown.total.counts[Measure.ISSUED] == len([*open_ones, *sealed]) // 5 * 5
    africa = shown.table("region").rows[0]
    assert africa.counts[Measure.ISSUED] == sum(each.region == "africa" for each in open_ones) // 5 * 5


def test_rows_say_nothing_by_being_there() -> None:
    """Every region, priority, template and organ has its row, asked or not; one not asked shows nothing."""
    shown = report([], YEAR)
    sizes = {table.dimension: len(table.rows) for table in shown.tables}
    assert sizes == {"region": 6, "priority": 7, "template": 21, "organ": 8}
    assert all(not row.counts for table in shown.tables for row in table.rows)
