"""All checks of one value, those of its shape first."""

from __future__ import annotations

from collections.abc import Iterator

from policies.network.titles import Title
from policies.requests.check.code_checks import check_language, check_state
from policies.requests.check.date_checks import check_date_after, check_date_not_after, check_date_not_before
from policies.requests.check.iban import check_iban
from policies.requests.check.object_checks import (
    check_counts,
    check_keys,
    check_keys_allowed,
    check_keys_when,
    check_subfield,
    check_ticked,
)
from policies.requests.check.personal_data import personal_data_in
from policies.requests.check.shapes import wrong_shape
from policies.requests.check.situation import Situation, ValueCheck
from policies.requests.check.text_checks import (
    check_equals,
    check_max_length,
    check_min,
    check_min_length,
    check_mxid,
    check_pattern,
)
from policies.requests.templates.check_table import Check
from policies.requests.templates.evaluate import holds
from policies.requests.templates.kinds import Severity

_CHECKS: dict[str, ValueCheck] = {
    "pattern": check_pattern,
    "iban": check_iban,
    "iso3166_alpha3": check_state,
    "iso639_1": check_language,
    "mxid": check_mxid,
    "date_after": check_date_after,
    "date_not_after": check_date_not_after,
    "date_not_before": check_date_not_before,
    "min_length": check_min_length,
    "max_length": check_max_length,
    "min": check_min,
    "equals": check_equals,
    "keys": check_keys,
    "keys_when": check_keys_when,
    "keys_allowed": check_keys_allowed,
    "subfield": check_subfield,
    "all_ticked": check_ticked,
    "values": check_counts,
}
"""Key of a check → the function that does it. `any_of` and `no_personal_data` are below."""

_UNASKED: dict[str, object] = {key: getattr(Check(), key) for key in _CHECKS}
"""What a check has under a key that is not given."""

Problem = tuple[Severity, Title, Check | None]
"""How bad, what, and the check that found it; None for the shape."""


def problems_of(value: object, checks: tuple[Check, ...], at: Situation) -> Iterator[Problem]:
    """Yield what is wrong with a value that is given."""
    shape = list(wrong_shape(value, at))
    if shape:
        yield from ((Severity.ERROR, reason, None) for reason in shape)
        return
    for check in checks:
        if check.when is None or holds(check.when, at.scope):
            yield from ((severity, reason, check) for severity, reason in _failures(check, value, at))


def _failures(check: Check, value: object, at: Situation) -> Iterator[tuple[Severity, Title]]:
    for key, function in _CHECKS.items():
        if getattr(check, key) != _UNASKED[key]:
            yield from ((check.severity, reason) for reason in function(check, value, at))
    if check.any_of:
        tried = [list(_failures(each, value, at)) for each in check.any_of]
        if all(tried):
            yield from tried[0]
    if check.no_personal_data and isinstance(value, str):
        for severity, reason in personal_data_in(value, at.label, at.reasons):
            yield (Severity.WARNING if check.severity is Severity.WARNING else severity), reason
