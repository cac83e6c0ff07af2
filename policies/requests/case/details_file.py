"""The details of an answer on disk: TOML, under the names that the outcome carries."""

from __future__ import annotations

import tomllib
from datetime import date

import msgspec

from policies.requests.draft import json_value
from policies.requests.errors import DetailsInvalid
from policies.requests.templates.evaluate import is_present
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError


class AnswerDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What an answerer has written; `next_date` is the day by which the State will be heard of again."""

    details: dict[str, object]
    next_date: date | None = None

    @property
    def carried(self) -> dict[str, object]:
        """The details as the check of an answer looks for them, the next date among them."""
        return self.details | ({"next_date": self.next_date.isoformat()} if self.next_date else {})


def read_answer_details(toml_text: str) -> AnswerDetails:
    """Read the details of an answer. Dates become ISO 8601 texts; what is left empty is left out.

    Whether they are what the outcome demands says `check_answer`. Raises DetailsInvalid or DraftInvalid.
    """
    try:
        document = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid("They are not valid TOML.", f"{error}.") from None
    values = {name: json_value(value, name) for name, value in document.items() if is_present(value)}
    try:
        canonical_json.encode(values)
    except CanonicalJsonError as error:
        raise _invalid("A value cannot be signed.", f"{error.what} {error.why}") from None
    return AnswerDetails(next_date=_next_date(values.pop("next_date", None)), details=values)


def _next_date(value: object) -> date | None:
    try:
        return None if value is None else date.fromisoformat(str(value))
    except ValueError:
        raise _invalid("next_date is no day.", "It is spelt as 2026-12-01.") from None


def _invalid(what: str, why: str) -> DetailsInvalid:
    return DetailsInvalid(
        f"The details of the answer cannot be read. {what}",
        why=why,
        remedy="Correct the file, and try again.",
    )
