"""The text of a request that people read: complete, plain, and the same on every machine.

It stands in the event's `body`, so that a client that knows nothing of requests shows all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.requests.court_request import CourtRequest
from policies.requests.labels import UNNAMED, FieldWords, RequestWords, in_order, request_words, spoken
from policies.trust.times import format_time

_INDENT = "    "


def readable_body(request: CourtRequest) -> str:
    """Return the request as plain text in English, every field with its value.

    Deterministic: the order is that of the template, then of the names. Lines of a value are indented, so
    that no value can pass for a heading or another field.
    """
    words = request_words(request.template)
    lines = [
        *_header(request, words),
        "",
        "THE REQUEST",
        *_fields(request.common, words.common),
        "",
        "PARTICULARS",
        *_fields(request.fields, words.fields),
        "",
        "The signature covers every word of this text, and holds in this room only.",
    ]
    return "\n".join(lines)


def _header(request: CourtRequest, words: RequestWords) -> Iterator[str]:
    yield f"REQUEST OF THE INTERNATIONAL CRIMINAL COURT {request.id}"
    yield from field_lines("Template", f"{request.template} {words.title}".strip(), UNNAMED)
    for name in ("originator", "requested_state", "legal_basis"):
        yield from field_lines(words.common[name].label, request.common.get(name), words.common[name])
    yield from field_lines("Issued", format_time(request.issued_at), UNNAMED)


def _fields(values: Mapping[str, object], known: Mapping[str, FieldWords]) -> Iterator[str]:
    for name, words in in_order(values, known):
        yield from field_lines(words.label or _one_line(spoken(name)), values[name], words)


def field_lines(label: str, value: object, words: FieldWords) -> Iterator[str]:
    """Yield one field with its label, a value of several lines indented under it."""
    lines = list(_value(value, words))
    if len(lines) == 1 and isinstance(value, str | bool | int | None):
        yield f"{label}: {lines[0]}"
    else:
        yield f"{label}:"
        yield from (_INDENT + line for line in lines)


def _value(value: object, words: FieldWords) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in sorted(value):
            yield from field_lines(words.codes.get(name) or _one_line(spoken(name)), value[name], UNNAMED)
    elif isinstance(value, list | tuple):
        for item in value:
            first, *others = list(_value(item, words)) or ["-"]
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif value is None or value == "":
        yield "not given"
    elif isinstance(value, str):
        yield from words.code(value).splitlines() or ["not given"]
    else:
        yield str(value)
    if isinstance(value, Mapping | list | tuple) and not value:
        yield "none"


def _one_line(text: str) -> str:
    return " ".join(text.split())
