"""The rules of publication, from `policies/data/statistics.toml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

import msgspec

from policies.requests.templates.references import refer
from policies.requests.templates.registry import packaged_templates
from policies.typed_toml import read_toml

_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]
_Month = Annotated[int, msgspec.Meta(ge=1, le=12)]


class Disclosure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a figure may be shown.

    A count is shown for at least `least_requests` requests to at least `least_states` States, none of which
    has more than `most_percent_of_one_state` of them; rates for at least `least_for_rates` requests, times
    for `least_for_times`. Counts are rounded down to `rounding_base`, rates to the nearest `rate_base`
    percent. What is held back could be anything in a range of `least_range` at least.
    """

    least_requests: _Positive
    least_states: _Positive
    most_percent_of_one_state: _Percent
    least_for_rates: _Positive
    least_for_times: _Positive
    rounding_base: _Positive
    rate_base: _Percent
    least_range: _Positive

    def __post_init__(self) -> None:
        if self.least_requests % self.rounding_base:
            raise ValueError("least_requests is no multiple of rounding_base: rounding would tell more")
        if self.least_for_rates % self.rounding_base or self.least_for_times % self.rounding_base:
            raise ValueError("what rates and times need is no multiple of rounding_base: it would tell more")

    def rounded(self, count: int) -> int:
        """Return a count as it is shown: down to the base, so that thresholds tell no more than it does."""
        return count // self.rounding_base * self.rounding_base

    def rate(self, part: int, whole: int) -> int:
        """Return a rate in percent as it is shown, to the nearest multiple of its base, half up."""
        return (200 * part + self.rate_base * whole) // (2 * self.rate_base * whole) * self.rate_base


class YearRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the Court's reporting year begins, and who says so."""

    first_month: _Month
    source: str


class StatisticsRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `executed` are the answers by which what was asked has been done."""

    executed: tuple[str, ...]
    reporting_year: YearRules
    disclosure: Disclosure


@cache
def packaged_rules() -> StatisticsRules:
    """Return the packaged rules, once a process. Raises NetworkPolicyError."""
    return read_rules(files("policies").joinpath("data", "statistics.toml"))


def read_rules(file: Traversable) -> StatisticsRules:
    """Read the rules. Raises NetworkPolicyError, with the file and the key."""
    rules = read_toml(file, StatisticsRules)
    for code in rules.executed:
        refer(file.name, "executed", code, packaged_templates().outcomes.catalogue)
    return rules
