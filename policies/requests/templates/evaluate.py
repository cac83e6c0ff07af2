"""Whether a condition holds, for a request as it stands and what is known around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from policies.requests.templates.condition import Condition, Scalar


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """All that a condition may ask about.

    `template` is an id, as T13. `values` are the common fields and those of the template, in one namespace.
    `facts` are what is known outside the request, by path, as `card.on_list_103_1`: a path that is not there
    is not known. `outcome` is the answer that is being given, None while drafting; `prior_outcomes` are the
    codes of earlier answers; `expired_clocks` the names of clocks that have run out.
    """

    template: str
    values: Mapping[str, object]
    facts: Mapping[str, object] = {}
    outcome: str | None = None
    prior_outcomes: frozenset[str] = frozenset()
    expired_clocks: frozenset[str] = frozenset()


def holds(condition: Condition, scope: Scope) -> bool:
    """Tell whether `condition` is true. Never raises: a value of an unexpected kind equals nothing."""
    node = condition
    if node.all is not None:
        return all(holds(inner, scope) for inner in node.all)
    if node.any is not None:
        return any(holds(inner, scope) for inner in node.any)
    if node.not_ is not None:
        return not holds(node.not_, scope)
    if node.context is not None:
        known = scope.facts.get(node.context)
        return node.if_unknown if known is None else _compares(node, known)
    if node.field is not None:
        return _compares(node, value_at(scope.values, node.field))
    if node.before is not None or node.same is not None:
        return _relates(node, scope)
    return _is_so(node, scope)


def is_present(value: object) -> bool:
    """Tell whether a value counts as given: not null, "", [] or {}."""
    return value is not None and value not in ("", [], {}, ())


def value_at(values: Mapping[str, object], name: str) -> object:
    """Return a field's value, or that of an object's key after a dot; None where there is none."""
    name, _, key = name.partition(".")
    value = values.get(name)
    if key:
        return value.get(key) if isinstance(value, Mapping) else None
    return value


def _compares(node: Condition, value: object) -> bool:
    if not is_present(value):
        return False
    if node.is_ is not None:
        return _equal(value, node.is_)
    if node.in_ is not None:
        return any(_equal(value, each) for each in node.in_)
    wanted: tuple[Scalar, ...] = node.has_any or ()
    if node.has is not None:
        wanted = (node.has,)
    items = value if isinstance(value, list | tuple) else [value]
    return any(_equal(item, each) for item in items for each in wanted)


def _relates(node: Condition, scope: Scope) -> bool:
    first, second = (value_at(scope.values, name) for name in node.before or node.same or ())
    if not (is_present(first) and is_present(second)):
        return False
    if node.same is not None:
        return _equal(first, second)
    earlier, later = as_date(first), as_date(second)
    return earlier is not None and later is not None and earlier < later


def _is_so(node: Condition, scope: Scope) -> bool:
    if node.present is not None:
        return is_present(value_at(scope.values, node.present))
    if node.absent is not None:
        return not is_present(value_at(scope.values, node.absent))
    if node.template is not None:
        return scope.template in node.template
    if node.outcome is not None:
        return scope.outcome in node.outcome
    if node.prior_outcome is not None:
        return not scope.prior_outcomes.isdisjoint(node.prior_outcome)
    return node.clock_expired in scope.expired_clocks


def _equal(left: object, right: object) -> bool:
    """Compare as JSON does: true is not 1."""
    return type(left) is type(right) and left == right


def as_date(value: object) -> date | None:
    """Return the day that an ISO 8601 text begins with, as 2027-01-15 or 2027-01-15T10:00:00Z."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
