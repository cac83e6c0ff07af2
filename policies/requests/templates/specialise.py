"""What is left of a condition once the template is known: the rest speaks of the request alone."""

from __future__ import annotations

from policies.requests.templates.condition import ALWAYS, NEVER, Condition


def specialise(condition: Condition, template: str) -> Condition:
    """Return an equivalent condition for requests of `template` (an id, as T13), without needless nodes.

    It is ALWAYS or NEVER where nothing in the request matters. What only an answer decides counts as false:
    a request that is being drafted has none.
    """
    if condition.all is not None:
        return _joined(condition.all, template, every=True)
    if condition.any is not None:
        return _joined(condition.any, template, every=False)
    if condition.not_ is not None:
        inner = specialise(condition.not_, template)
        if inner.not_ is not None:
            return inner.not_
        return {ALWAYS: NEVER, NEVER: ALWAYS}.get(inner) or Condition(not_=inner)
    if condition.template is not None:
        return ALWAYS if template in condition.template else NEVER
    if condition.outcome or condition.prior_outcome or condition.clock_expired:
        return NEVER
    return condition


def _joined(parts: tuple[Condition, ...], template: str, *, every: bool) -> Condition:
    neutral, deciding = (ALWAYS, NEVER) if every else (NEVER, ALWAYS)
    left = [each for part in parts if (each := specialise(part, template)) != neutral]
    if deciding in left:
        return deciding
    if len(left) == 1:
        return left[0]
    return Condition(all=tuple(left)) if every else Condition(any=tuple(left))
