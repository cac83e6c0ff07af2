"""The checks of a field's value, as data."""

from __future__ import annotations

import enum
import re

import msgspec

from policies.requests.templates.condition import Condition, Scalar
from policies.requests.templates.kinds import Severity


class Offset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number of calendar days after the date that another field says."""

    field: str
    days: int


class KeysWhen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that an object must have while a condition holds over the request."""

    when: Condition
    keys: tuple[str, ...]
    basis: str | None = None


class Values(enum.StrEnum):
    """What all values of an object are."""

    COUNTS = "counts"
    """Whole numbers from 0, at least one of them more."""


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a value must satisfy: every key that is given.

    pattern: the whole text matches; with `each`, that key of every item does. iban: what looks like an IBAN
    has right check digits. iso3166_alpha3, iso639_1, mxid: a State, a language, an account. date_after,
    date_not_after, date_not_before: `today`, a field's name or an Offset. min_length, max_length: characters
    of a text, items of a list. min: the smallest number. equals: the one value allowed. keys, keys_when: an
    object, or each of a list, has these. keys_allowed: and no others. all_ticked: each is true. any_of: one
    of these checks suffices. subfield with `in`: that key's value is one of. values: what all values are.
    no_personal_data: nothing that names a person, an account or a case. when: the check applies while this
    holds. basis: instead of the field's.
    """

    pattern: str | None = None
    each: str | None = None
    iban: bool = False
    iso3166_alpha3: bool = False
    iso639_1: bool = False
    mxid: bool = False
    date_after: str | Offset | None = None
    date_not_after: str | None = None
    date_not_before: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min: int | None = None
    equals: Scalar | None = None
    keys: tuple[str, ...] | None = None
    keys_when: tuple[KeysWhen, ...] | None = None
    keys_allowed: tuple[str, ...] | None = None
    all_ticked: tuple[str, ...] | None = None
    any_of: tuple[Check, ...] | None = None
    subfield: str | None = None
    in_: tuple[Scalar, ...] | None = msgspec.field(default=None, name="in")
    values: Values | None = None
    no_personal_data: bool = False
    when: Condition | None = None
    severity: Severity = Severity.ERROR
    basis: str | None = None

    def __post_init__(self) -> None:
        if (self.subfield is None) != (self.in_ is None):
            raise ValueError("subfield and in belong together")
        if self.each is not None and self.pattern is None:
            raise ValueError("each needs a pattern")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(
                    f"the pattern {self.pattern!r} is not a regular expression: {error}"
                ) from None
