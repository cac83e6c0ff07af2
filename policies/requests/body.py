"""The text of a request that people read: complete, plain, and the same on every machine.

It stands in the event's `body`, so that a client that knows nothing of requests shows all of it. A request
whose language is French has it in French, any other in English: the working languages (article 50(2)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.network.titles import Title
from policies.requests.court_request import CourtRequest
from policies.requests.labels import FieldWords, RequestWords, in_order, request_words, spoken, unnamed
from policies.trust.times import format_time

_INDENT = "    "
_HEAD = Title(en="REQUEST OF THE INTERNATIONAL CRIMINAL COURT", fr="DEMANDE DE LA COUR PÉNALE INTERNATIONALE")
_TEMPLATE = Title(en="Template", fr="Modèle")
_ISSUED = Title(en="Issued", fr="Émise")
_REQUEST = Title(en="THE REQUEST", fr="LA DEMANDE")
_PARTICULARS = Title(en="PARTICULARS", fr="PRÉCISIONS")
LAST_LINE = Title(
    en="The signature covers every word of this text, and holds in this room only.",
    fr="La signature porte sur chaque mot de ce texte et ne vaut que dans ce salon.",
)
_YES, _NO = Title(en="yes", fr="oui"), Title(en="no", fr="non")
NOT_GIVEN, NONE = Title(en="not given", fr="non indiqué"), Title(en="none", fr="néant")
COLON = Title(en=":", fr="\u00a0:")
"""French sets a no-break space before its colon."""


def language_of(request: CourtRequest) -> str:
    """Return the language of everything that is written about a request: fr where it says so, else en."""
    return "fr" if request.common.get("language") == "fr" else "en"


def readable_body(request: CourtRequest) -> str:
    """Return the request as plain text in its language, every field with its value.

    Deterministic: the order is that of the template, then of the names. Lines of a value are indented, so
    that no value can pass for a heading or another field.
    """
    language = language_of(request)
    words = request_words(request.template, language)
    lines = [
        *_header(request, words, language),
        "",
        _REQUEST.said(language),
        *_fields(request.common, words.common, language),
        "",
        _PARTICULARS.said(language),
        *_fields(request.fields, words.fields, language),
        "",
        LAST_LINE.said(language),
    ]
    return "\n".join(lines)


def _header(request: CourtRequest, words: RequestWords, language: str) -> Iterator[str]:
    plain = unnamed(language)
    yield f"{_HEAD.said(language)} {request.id}"
    yield from field_lines(_TEMPLATE.said(language), f"{request.template} {words.title}".strip(), plain)
    for name in ("originator", "requested_state", "legal_basis"):
        yield from field_lines(words.common[name].label, request.common.get(name), words.common[name])
    yield from field_lines(_ISSUED.said(language), format_time(request.issued_at), plain)


def _fields(values: Mapping[str, object], known: Mapping[str, FieldWords], language: str) -> Iterator[str]:
    for name, found in in_order(values, known):
        words = found if found.label else unnamed(language)
        yield from field_lines(words.label or _one_line(spoken(name)), values[name], words)


def field_lines(label: str, value: object, words: FieldWords) -> Iterator[str]:
    """Yield one field with its label, a value of several lines indented under it."""
    lines = list(_value(value, words))
    if len(lines) == 1 and isinstance(value, str | bool | int | None):
        yield f"{label}{COLON.said(words.language)} {lines[0]}"
    else:
        yield f"{label}{COLON.said(words.language)}"
        yield from (_INDENT + line for line in lines)


def _value(value: object, words: FieldWords) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in sorted(value):
            yield from field_lines(
                words.codes.get(name) or _one_line(spoken(name)), value[name], unnamed(words.language)
            )
    elif isinstance(value, list | tuple):
        for item in value:
            first, *others = list(_value(item, words)) or ["-"]
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    elif isinstance(value, bool):
        yield (_YES if value else _NO).said(words.language)
    elif value is None or value == "":
        yield NOT_GIVEN.said(words.language)
    elif isinstance(value, str):
        yield from words.code(value).splitlines() or [NOT_GIVEN.said(words.language)]
    else:
        yield str(value)
    if isinstance(value, Mapping | list | tuple) and not value:
        yield NONE.said(words.language)


def _one_line(text: str) -> str:
    return " ".join(text.split())
