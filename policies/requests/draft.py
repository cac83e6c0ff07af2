"""A draft on disk: TOML with the tables [common] and [fields], under the names and codes of the templates."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

import msgspec

from policies.requests.court_request import TEMPLATE_PATTERN
from policies.requests.errors import DraftInvalid
from policies.requests.templates.evaluate import is_present
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError
from policies.trust.times import format_time

_TABLES = ("common", "fields")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a drafter has written: JSON values under the names of the template `T13@1.0`."""

    template: str
    common: dict[str, object]
    fields: dict[str, object]


def read_draft(toml_text: str) -> Draft:
    """Read a draft. Dates become ISO 8601 texts; what is left empty is left out. `common.template` names the
    template.

    Read is what the wire format can carry. Whether the names are the template's, and the law is satisfied,
    says `check_draft`. Raises DraftInvalid, which names the key.
    """
    try:
        document = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid("The draft is not valid TOML.", f"{error}.") from None
    for name in document:
        if name not in _TABLES:
            nearest = difflib.get_close_matches(name, _TABLES, n=1, cutoff=0.0)[0]
            raise _invalid(f"{name} is not known.", f"The nearest valid name is {nearest}.")
    common, fields = (_table(document, name) for name in _TABLES)
    return Draft(template=_template(common), common=common, fields=fields)


def _table(document: Mapping[str, object], name: str) -> dict[str, object]:
    table = document.get(name)
    if not isinstance(table, dict):
        raise _invalid(f"The draft has no table [{name}].", "A draft has the tables [common] and [fields].")
    values = {key: json_value(value, f"{name}.{key}") for key, value in table.items() if is_present(value)}
    try:
        canonical_json.encode(values)
    except CanonicalJsonError as error:
        raise _invalid(
            "A value of the draft cannot be signed.", f"[{name}] {error.what} {error.why}"
        ) from None
    return values


def json_value(value: object, path: str) -> object:
    """Return a value of TOML as JSON has it, dates as ISO 8601 texts. Raises DraftInvalid with its `path`."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _invalid(f"{path} is ambiguous.", "A date with a time needs its offset, as in 10:00:00Z.")
        return format_time(value.astimezone(UTC))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: json_value(member, f"{path}.{key}") for key, member in value.items()}
    if isinstance(value, list):
        return [json_value(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _template(common: dict[str, object]) -> str:
    template = common.pop("template", None)
    if not isinstance(template, str) or not TEMPLATE_PATTERN.fullmatch(template):
        raise _invalid(
            "common.template is not a template with its version.", f"It is {template!r}, not like T13@1.0."
        )
    return template


def _invalid(what: str, why: str) -> DraftInvalid:
    return DraftInvalid(what, why=why, remedy="Correct the draft, and try again.")
