"""A draft on disk: TOML with the tables [common] and [fields], under the names and codes of the templates."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time

import msgspec

from policies.requests.court_request import TEMPLATE_PATTERN
from policies.requests.errors import DraftInvalid
from policies.requests.labels import load_labels
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError
from policies.trust.times import format_time

_STATE = re.compile(r"[A-Z]{3}|IGO-[A-Z]{2,10}")
_TABLES = ("common", "fields")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a drafter has written: JSON values under the names of the template `T13@1.0`."""

    template: str
    common: dict[str, object]
    fields: dict[str, object]


def read_draft(toml_text: str) -> Draft:
    """Read a draft. Dates become ISO 8601 texts. `common.template` names the template.

    Checked is what the wire format needs, and that every name is one of the template's; whether the law is
    satisfied is another check. Raises DraftInvalid, which names the key and the nearest valid one.
    """
    try:
        document = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid("The draft is not valid TOML.", f"{error}.") from None
    _check_names(document, _TABLES, "")
    common, fields = (_table(document, name) for name in _TABLES)
    template = _template(common)
    _check_common(common, template)
    known_fields = load_labels().fields_of(template)
    if known_fields:
        _check_names(fields, known_fields, "fields.")
    return Draft(template=template, common=common, fields=fields)


def _table(document: Mapping[str, object], name: str) -> dict[str, object]:
    table = document.get(name)
    if not isinstance(table, dict):
        raise _invalid(f"The draft has no table [{name}].", "A draft has the tables [common] and [fields].")
    values = {key: _json(value, f"{name}.{key}") for key, value in table.items()}
    try:
        canonical_json.encode(values)
    except CanonicalJsonError as error:
        raise _invalid(
            "A value of the draft cannot be signed.", f"[{name}] {error.what} {error.why}"
        ) from None
    return values


def _json(value: object, path: str) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _invalid(f"{path} is ambiguous.", "A date with a time needs its offset, as in 10:00:00Z.")
        return format_time(value.astimezone(UTC))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _json(member, f"{path}.{key}") for key, member in value.items()}
    if isinstance(value, list):
        return [_json(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _template(common: dict[str, object]) -> str:
    template = common.pop("template", None)
    if not isinstance(template, str) or not TEMPLATE_PATTERN.fullmatch(template):
        raise _invalid(
            "common.template is not a template with its version.", f"It is {template!r}, not like T13@1.0."
        )
    return template


def _check_common(common: Mapping[str, object], template: str) -> None:
    if "request_id" in common:
        raise _invalid("common.request_id stands in the draft.", "The network gives the id when it issues.")
    _check_names(common, load_labels().common, "common.")
    originators = load_labels().originators
    originator = common.get("originator")
    if originator not in originators:
        raise _invalid(
            "common.originator names no organ.", f"It is {originator!r}, not one of {', '.join(originators)}."
        )
    state = common.get("requested_state")
    if template.startswith("T18@"):
        return  # there a State asks the Court
    if not isinstance(state, str) or not _STATE.fullmatch(state):
        raise _invalid(
            "common.requested_state names no State.", f"It is {state!r}, not a code of three letters, as SEN."
        )


def _check_names(table: Mapping[str, object], valid: Collection[str], prefix: str) -> None:
    for name in table:
        if name not in valid:
            nearest = difflib.get_close_matches(name, valid, n=1, cutoff=0.0)[0]
            raise _invalid(f"{prefix}{name} is not known.", f"The nearest valid name is {prefix}{nearest}.")


def _invalid(what: str, why: str) -> DraftInvalid:
    return DraftInvalid(what, why=why, remedy="Correct the draft, and try again.")
