"""Checks of texts and numbers: form, length, size, equality, account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.network.titles import Title
from policies.requests.check.reasons import clipped, say
from policies.requests.check.situation import Situation
from policies.requests.templates.check_table import Check

_MXID = re.compile(r"@[^\s:]+:[^\s]+")
_NOTHING = Title(en="", fr="")


def check_pattern(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """The whole text matches; with `each`, that key of every item."""
    pattern = re.compile(check.pattern or "")
    texts = [value] if check.each is None else _members(value, check.each)
    help_text = (at.field.help if at.field else None) or _NOTHING
    for text in texts:
        if not isinstance(text, str) or not pattern.fullmatch(text):
            yield say(at.reasons.pattern, label=at.label, value=clipped(text), help=help_text)


def check_min_length(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """Enough characters, or enough items."""
    limit = check.min_length or 0
    if isinstance(value, str) and len(value.strip()) < limit:
        yield say(at.reasons.too_short, label=at.label, length=len(value.strip()), limit=limit)
    elif isinstance(value, list) and len(value) < limit:
        yield say(at.reasons.too_few, label=at.label, length=len(value), limit=limit)


def check_max_length(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """Not too many characters: the law says concise."""
    limit = check.max_length or 0
    if isinstance(value, str) and len(value) > limit:
        yield say(at.reasons.too_long, label=at.label, length=len(value), limit=limit)


def check_min(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """A number is large enough."""
    if isinstance(value, int) and check.min is not None and value < check.min:
        yield say(at.reasons.too_small, label=at.label, limit=check.min)


def check_equals(check: Check, value: object, at: Situation) -> Iterator[Title]:
    """The one value that is allowed."""
    if type(value) is not type(check.equals) or value != check.equals:
        expected = str(check.equals).lower() if isinstance(check.equals, bool) else check.equals
        yield say(at.reasons.not_equal, label=at.label, value=expected)


def check_mxid(_check: Check, value: object, at: Situation) -> Iterator[Title]:
    """An account of the network (Matrix specification, "User identifiers")."""
    if isinstance(value, str) and not _MXID.fullmatch(value):
        yield say(at.reasons.not_mxid, label=at.label, value=clipped(value))


def _members(value: object, key: str) -> list[object]:
    items = value if isinstance(value, list) else [value]
    return [item.get(key) if isinstance(item, Mapping) else None for item in items]
