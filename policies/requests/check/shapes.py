"""Whether a value has the shape of its field's type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from policies.network.titles import Title
from policies.requests.check.code_checks import foreign_codes
from policies.requests.check.reasons import clipped, say
from policies.requests.check.situation import Situation
from policies.requests.templates.evaluate import is_present
from policies.requests.templates.kinds import FieldType

_HASH = re.compile(r"[0-9a-f]{64}")


def wrong_shape(value: object, at: Situation) -> Iterator[Title]:
    """Yield what is wrong with the shape of a field's value, its codes included."""
    if at.field is not None:
        yield from _SHAPES[at.field.type](value, at)


def _text(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, str):
        yield say(at.reasons.not_text, label=at.label)


def _line(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, str) or len(value.splitlines()) > 1:
        yield say(at.reasons.not_line, label=at.label)


def _code(value: object, at: Situation) -> Iterator[Title]:
    if at.field is not None and at.field.codes:
        yield from foreign_codes([value], at)
    else:
        yield from _text(value, at)


def _codes(value: object, at: Situation) -> Iterator[Title]:
    if isinstance(value, list):
        yield from foreign_codes(value, at)
    else:
        yield say(at.reasons.not_list, label=at.label)


def _bool(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, bool):
        yield say(at.reasons.not_bool, label=at.label)


def _int(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield say(at.reasons.not_int, label=at.label)


def _date(value: object, at: Situation) -> Iterator[Title]:
    if _as_date(value) is None:
        yield say(at.reasons.not_date, label=at.label)


def _datetime(value: object, at: Situation) -> Iterator[Title]:
    try:
        aware = isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        yield say(at.reasons.not_datetime, label=at.label)


def _range(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, Mapping) or set(value) != {"from", "to"}:
        yield say(at.reasons.not_range, label=at.label)
        return
    begin, end = _as_date(value["from"]), _as_date(value["to"])
    if begin is None or end is None:
        yield say(at.reasons.not_range, label=at.label)
    elif end < begin:
        yield say(at.reasons.range_reversed, label=at.label)


def _list(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, list):
        yield say(at.reasons.not_list, label=at.label)
    elif not all(is_present(item) for item in value):
        yield say(at.reasons.empty_item, label=at.label)
    elif at.field is not None and at.field.codes:
        yield from foreign_codes(value, at)


def _object(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, Mapping):
        yield say(at.reasons.not_object, label=at.label)


def _table(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        yield say(at.reasons.not_table, label=at.label)


def _checklist(value: object, at: Situation) -> Iterator[Title]:
    if not isinstance(value, Mapping) or not all(isinstance(tick, bool) for tick in value.values()):
        yield say(at.reasons.not_checklist, label=at.label)
    else:
        yield from foreign_codes(value, at)


def _attachment(value: object, at: Situation) -> Iterator[Title]:
    """A document named with its hash: here, or among the common attachments by its title."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            if item not in _attached(at):
                yield say(at.reasons.unknown_attachment, label=at.label, value=clipped(item))
        elif not isinstance(item, Mapping) or not (
            is_present(item.get("title")) and is_present(item.get("sha256"))
        ):
            yield say(at.reasons.not_attachment, label=at.label)
        elif not isinstance(item["sha256"], str) or not _HASH.fullmatch(item["sha256"]):
            yield say(at.reasons.not_hash, label=at.label, value=clipped(item["title"]))


def _attached(at: Situation) -> set[object]:
    listed = at.scope.values.get("attachments")
    return (
        {item.get("title") for item in listed if isinstance(item, Mapping)}
        if isinstance(listed, list)
        else set()
    )


def _as_date(value: object) -> date | None:
    try:
        return (
            date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2027-01-15") else None
        )
    except ValueError:
        return None


_SHAPES: dict[FieldType, Callable[[object, Situation], Iterator[Title]]] = {
    FieldType.STRING: _line,
    FieldType.TEXT: _text,
    FieldType.ENUM: _code,
    FieldType.MULTI_ENUM: _codes,
    FieldType.STATEMENT: _code,
    FieldType.BOOL: _bool,
    FieldType.INT: _int,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.DATERANGE: _range,
    FieldType.DURATION: _line,
    FieldType.COUNTRY: _line,
    FieldType.MXID: _line,
    FieldType.REF: _line,
    FieldType.PLACE: _text,
    FieldType.ATTACHMENT: _attachment,
    FieldType.LIST: _list,
    FieldType.OBJECT: _object,
    FieldType.TABLE: _table,
    FieldType.CHECKLIST: _checklist,
}
