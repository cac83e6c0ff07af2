"""International bank account numbers: their shape, and their check digits (ISO 13616, mod 97 of ISO 7064)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.network.titles import Title
from policies.requests.check.reasons import clipped, say
from policies.requests.check.situation import Situation
from policies.requests.templates.check_table import Check

_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_AFTER_ITS_NAME = re.compile(r"\bIBAN\b[\s:.]*([A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30})\b")


def check_iban(_check: Check, value: object, at: Situation) -> Iterator[Title]:
    """Every text that has the shape of an IBAN, or follows that word, has right check digits."""
    for text in value if isinstance(value, list) else [value]:
        for account in ibans_in(text) if isinstance(text, str) else ():
            if not is_iban(account):
                yield say(at.reasons.iban, label=at.label, value=clipped(account))


def ibans_in(text: str) -> list[str]:
    """Return what is meant as an IBAN: a whole text of that shape, and what follows the word IBAN."""
    whole = compact(text)
    if _SHAPE.fullmatch(whole):
        return [whole]
    return [compact(match[1]) for match in _AFTER_ITS_NAME.finditer(text)]


def is_iban(text: str) -> bool:
    """Tell whether a text without spaces is an IBAN with right check digits."""
    if not _SHAPE.fullmatch(text):
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def compact(text: str) -> str:
    """Return a number without the spaces and hyphens that people put into it."""
    return re.sub(r"[\s-]", "", text)
