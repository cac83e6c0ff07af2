"""Words for the names and codes of requests, in English or French, as their templates have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from policies.requests.errors import TemplateUnknown
from policies.requests.provisions import provision_title
from policies.requests.templates.field import Field
from policies.requests.templates.registry import packaged_templates


class FieldWords(msgspec.Struct, frozen=True):
    """A field's label, and its codes with their words, in `language`: en or fr."""

    label: str
    codes: dict[str, str]
    language: str = "en"

    def code(self, value: str) -> str:
        """Return a code as people read it: `Freeze (FREEZE)`, `article 93(1)(k)`; other text as it is."""
        words = self.codes.get(value)
        article = provision_title(value).said(self.language)
        if words is None:
            return article
        return words if words == article != value else f"{words} ({value})"


class RequestWords(msgspec.Struct, frozen=True):
    """What a template and its fields are called, the fields in the order in which they are read."""

    title: str
    common: dict[str, FieldWords]
    fields: dict[str, FieldWords]


UNNAMED = FieldWords(label="", codes={})
"""For a field that no template here knows: it is still called something, by `spoken`."""


def unnamed(language: str) -> FieldWords:
    """Return `UNNAMED` for a text in `language`."""
    return FieldWords(label="", codes={}, language=language)


@cache
def request_words(template: str, language: str = "en") -> RequestWords:
    """Return the words for `T13@1.0` in `language`; for an unknown template, those of the common fields."""
    templates = packaged_templates()
    try:
        found = templates.find(template)
    except TemplateUnknown:
        return RequestWords(title="", common=_words(templates.common.fields, language), fields={})
    return RequestWords(
        title=found.title.said(language),
        common=_words(found.common.fields, language),
        fields=_words(found.fields, language),
    )


def organ_words(organ: str, language: str = "en") -> str:
    """Return an originator with its code: `Office of the Prosecutor (OTP)`."""
    return _words(packaged_templates().common.fields, language)["originator"].code(organ)


def in_order(values: Mapping[str, object], known: Mapping[str, FieldWords]) -> list[tuple[str, FieldWords]]:
    """Return the names that have a value, with their words: the template's in its order, then others."""
    order = [*(name for name in known if name in values), *sorted(set(values) - set(known))]
    return [(name, known.get(name, UNNAMED)) for name in order]


def spoken(name: str) -> str:
    """Return a name without a label as words: `review_date` is `Review date`."""
    return name.replace("_", " ").strip().capitalize() or name


def _words(fields: Mapping[str, Field], language: str) -> dict[str, FieldWords]:
    return {
        name: FieldWords(
            field.label.said(language),
            {code: words.said(language) for code, words in field.codes.items()},
            language,
        )
        for name, field in fields.items()
    }
