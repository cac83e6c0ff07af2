"""Checks of objects: the keys that they must have, may have, and what stands under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.network.titles import Title
from policies.requests.check.reasons import clipped, say
from policies.requests.check.situation import Situation
from policies.requests.templates.check_table import Check
from policies.requests.templates.evaluate import holds, is_present


def check_keys(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """An object, or each of a list, has these keys."""
    for item in _objects(value):
        yield from _lacks(item, check.keys or (), at)


def check_keys_when(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """And these, while a condition holds."""
    for demanded in check.keys_when or ():
        if holds(demanded.when, at.scope):
            for item in _objects(value):
                yield from _lacks(item, demanded.keys, at)


def check_keys_allowed(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """And no others."""
    allowed = check.keys_allowed or ()
    for item in _objects(value):
        for key in item:
            if key not in allowed:
                yield say(at.reasons.key_foreign, label=at.label, key=clipped(key), keys=", ".join(allowed))


def check_subfield(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """What stands under a key is one of these."""
    values = check.in_ or ()
    for item in _objects(value):
        given = item.get(check.subfield or "")
        if is_present(given) and given not in values:
            said = ", ".join(str(each) for each in values)
            yield say(
                at.reasons.not_one_of, label=at.label, key=check.subfield, value=clipped(given), values=said
            )


def check_ticked(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """Every key of a checklist is true."""
    ticks = value if isinstance(value, Mapping) else {}
    open_keys = [key for key in check.all_ticked or () if ticks.get(key) is not True]
    if open_keys:
        yield say(at.reasons.not_ticked, label=at.label, keys=", ".join(open_keys))


def check_counts(_check: Check, value: object, at: Situation) -> Iterator[Title]:
    """All values are whole numbers from 0, at least one of them more."""
    for item in _objects(value):
        counts = list(item.values())
        whole = all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in counts)
        if not whole or not any(counts):
            yield say(at.reasons.not_counts, label=at.label)


def _objects(value: object) -> list[Mapping[str, object]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def _lacks(item: Mapping[str, object], keys: tuple[str, ...], at: Situation) -> Iterator[Title]:
    missing = [key for key in keys if not is_present(item.get(key))]
    if missing:
        yield say(at.reasons.keys_missing, label=at.label, keys=", ".join(missing))
