"""The rules of publication as data, and the reporting year."""

from __future__ import annotations

import datetime
from importlib.resources import files
from pathlib import Path

import pytest

from policies.network.errors import MissingKey, NetworkPolicyError, UnknownKey, UnknownReference, WrongValue
from policies.requests.statistics.measures import BIT, Measure, with_measure, without_measure
from policies.requests.statistics.rules import packaged_rules, read_rules
from policies.requests.statistics.year import reporting_year

TEXT = files("policies").joinpath("data", "statistics.toml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "error", "named", "remedy"),
    [
        ("least_states", "least_state", UnknownKey, "disclosure.least_state", "'least_states'"),
        ("least_range = 3\n", "", MissingKey, "disclosure.least_range", "Add"),
        ("least_requests = 5", "least_requests = 0", WrongValue, "disclosure.least_requests", "kind"),
        ("rounding_base = 5", "rounding_base = 3", WrongValue, "multiple", "Correct"),
        ("least_for_rates = 10", "least_for_rates = 7", WrongValue, "multiple", "Correct"),
        ('"FROZEN"', '"FROZN"', UnknownReference, "executed", "'FROZEN'"),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, old: str, new: str, error: type[NetworkPolicyError], named: str, remedy: str
) -> None:
    """The error says which key and what would be right; a threshold that rounding would betray is refused."""
    file = tmp_path / "statistics.toml"
    assert old in TEXT
    file.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(error) as caught:
        read_rules(file)
    assert named in f"{caught.value.what} {caught.value.why}"
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("day", "first"),
    [("2026-08-31", "2025-09-01"), ("2026-09-01", "2026-09-01"), ("2027-01-15", "2026-09-01")],
)
def test_a_day_lies_in_one_reporting_year(day: str, first: str) -> None:
    """The year begins in September (report II.C, paragraph 21), and is over when the next begins."""
    year = reporting_year(datetime.date.fromisoformat(day), packaged_rules().reporting_year)
    assert year.first_day.isoformat() == first
    assert not year.is_over(year.end - datetime.timedelta(days=1))
    assert year.is_over(year.end)


@pytest.mark.parametrize("measure", Measure)
def test_another_kind_of_request_is_one_that_there_can_be(measure: Measure) -> None:
    """With or without a measure a request stays possible: nothing is executed that was not answered."""
    everything = sum(BIT[each] for each in Measure if each not in ("obstacle", "other_stated_reason"))
    for kind in (with_measure(0, measure), with_measure(everything, measure)):
        assert kind & BIT[measure]
        assert _is_possible(kind)
        assert not without_measure(kind, measure) & BIT[measure]
        assert _is_possible(without_measure(kind, measure)) or measure is Measure.ISSUED
    assert without_measure(everything, Measure.ISSUED) == 0


def _is_possible(kind: int) -> bool:
    has = {measure: bool(kind & BIT[measure]) for measure in Measure}
    needs = [
        ("delivered", "issued"), ("acknowledged", "delivered"), ("replied", "delivered"),
        ("answered", "replied"), ("obstacle", "replied"), ("other_stated_reason", "replied"),
        ("binding", "issued"), ("executed", "answered"), ("executed", "binding"), ("incomplete", "delivered"),
        ("advance", "issued"), ("confirmed", "advance"), ("closed", "issued"),
    ]  # fmt: skip
    answers = [has[each] for each in (Measure.ANSWERED, Measure.OBSTACLE, Measure.OTHER_STATED_REASON)]
    return sum(answers) <= 1 and all(has[Measure(whole)] or not has[Measure(part)] for part, whole in needs)
