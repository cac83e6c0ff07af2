"""The text of a request that people read: complete, plain, and the same on every machine.

It stands in the event's `body`, so that a client that knows nothing of requests shows all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.requests.court_request import CourtRequest
from policies.requests.labels import Labels, load_labels, spoken
from policies.trust.times import format_time

_INDENT = "    "


def readable_body(request: CourtRequest) -> str:
    """Return the request as plain text in English, every field with its value.

    Deterministic: the order is that of the labels, then of the names. Lines of a value are indented, so that
    no value can pass for a heading or another field.
    """
    labels = load_labels()
    lines = [
        *_header(request, labels),
        "",
        "THE REQUEST",
        *_fields(request.common, labels.common, labels),
        "",
        "PARTICULARS",
        *_fields(request.fields, labels.fields_of(request.template), labels),
        "",
        "The signature covers every word of this text, and holds in this room only.",
    ]
    return "\n".join(lines)


def _header(request: CourtRequest, labels: Labels) -> Iterator[str]:
    yield f"REQUEST OF THE INTERNATIONAL CRIMINAL COURT {request.id}"
    for label, value in (
        ("Template", f"{request.template} {labels.title_of(request.template)}".strip()),
        ("Originator", request.originator),
        ("Requested State", request.common.get("requested_state")),
        ("Legal basis", request.common.get("legal_basis")),
        ("Issued", format_time(request.issued_at)),
    ):
        yield from _field(label, value, labels)


def _fields(values: Mapping[str, object], known: Mapping[str, str], labels: Labels) -> Iterator[str]:
    order = [*(name for name in known if name in values), *sorted(set(values) - set(known))]
    for name in order:
        yield from _field(known.get(name) or _one_line(spoken(name)), values[name], labels)


def _field(label: str, value: object, labels: Labels) -> Iterator[str]:
    lines = list(_value(value, labels))
    if len(lines) == 1 and isinstance(value, str | bool | int | None):
        yield f"{label}: {lines[0]}"
    else:
        yield f"{label}:"
        yield from (_INDENT + line for line in lines)


def _value(value: object, labels: Labels) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in sorted(value):
            yield from _field(_one_line(spoken(name)), value[name], labels)
    elif isinstance(value, list | tuple):
        for item in value:
            first, *others = list(_value(item, labels)) or ["-"]
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif value is None or value == "":
        yield "not given"
    elif isinstance(value, str):
        yield from labels.code(value).splitlines() or ["not given"]
    else:
        yield str(value)
    if isinstance(value, Mapping | list | tuple) and not value:
        yield "none"


def _one_line(text: str) -> str:
    return " ".join(text.split())
