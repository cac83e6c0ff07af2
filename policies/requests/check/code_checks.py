"""Checks of codes: those of a field, States (ISO 3166-1 alpha-3), languages (ISO 639-1)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from policies.network.titles import Title
from policies.requests.check.reasons import clipped, say
from policies.requests.check.situation import Situation
from policies.requests.check.states import iso_codes
from policies.requests.templates.check_table import Check


def check_state(_check: Check, value: object, at: Situation) -> Iterator[Title]:
    """A State's code of three letters, a Party or not."""
    if isinstance(value, str) and value not in iso_codes().states:
        near = nearest_code(value, iso_codes().states)
        yield say(at.reasons.not_state, label=at.label, value=clipped(value), nearest=near)


def check_language(_check: Check, value: object, at: Situation) -> Iterator[Title]:
    """A language's code of two letters."""
    if isinstance(value, str) and value not in iso_codes().languages:
        near = nearest_code(value, iso_codes().languages)
        yield say(at.reasons.not_language, label=at.label, value=clipped(value), nearest=near)


def foreign_codes(values: Iterable[object], at: Situation) -> Iterator[Title]:
    """Yield a sentence for each value that is not one of the field's codes, and for each that comes twice."""
    codes, seen = at.field.codes if at.field else {}, set[str]()
    for value in values:
        if not isinstance(value, str) or value not in codes:
            near = nearest_code(str(value), codes)
            yield say(at.reasons.not_code, label=at.label, value=clipped(value), nearest=near)
        elif value in seen:
            yield say(at.reasons.code_twice, label=at.label, value=value)
        else:
            seen.add(value)


def nearest_code(word: str, codes: Iterable[str]) -> str:
    """Return the code that is most like a word, whatever its case."""
    folded = {code.casefold(): code for code in codes}
    found = difflib.get_close_matches(clipped(word).casefold(), folded, n=1, cutoff=0.0)
    return folded[found[0]] if found else ""
