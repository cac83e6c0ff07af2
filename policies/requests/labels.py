"""English words for the names and codes of requests, as their templates have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from policies.requests.errors import TemplateUnknown
from policies.requests.provisions import provision
from policies.requests.templates.field import Field
from policies.requests.templates.registry import packaged_templates


class FieldWords(msgspec.Struct, frozen=True):
    """A field's label, and its codes with their words."""

    label: str
    codes: dict[str, str]

    def code(self, value: str) -> str:
        """Return a code as people read it: `Freeze (FREEZE)`, `article 93(1)(k)`; other text as it is."""
        words = self.codes.get(value)
        if words is None:
            return provision(value) or value
        return words if words == provision(value) else f"{words} ({value})"


class RequestWords(msgspec.Struct, frozen=True):
    """What a template and its fields are called, the fields in the order in which they are read."""

    title: str
    common: dict[str, FieldWords]
    fields: dict[str, FieldWords]


UNNAMED = FieldWords(label="", codes={})
"""For a field that no template here knows: it is still called something, by `spoken`."""


@cache
def request_words(template: str) -> RequestWords:
    """Return the words for `T13@1.0`; for a template that is not here, those of the common fields."""
    templates = packaged_templates()
    try:
        found = templates.find(template)
    except TemplateUnknown:
        return RequestWords(title="", common=_words(templates.common.fields), fields={})
    return RequestWords(title=found.title.en, common=_words(found.common.fields), fields=_words(found.fields))


def organ_words(organ: str) -> str:
    """Return an originator with its code: `Office of the Prosecutor (OTP)`."""
    return _words(packaged_templates().common.fields)["originator"].code(organ)


def in_order(values: Mapping[str, object], known: Mapping[str, FieldWords]) -> list[tuple[str, FieldWords]]:
    """Return the names that have a value, with their words: the template's in its order, then others."""
    order = [*(name for name in known if name in values), *sorted(set(values) - set(known))]
    return [(name, known.get(name, UNNAMED)) for name in order]


def spoken(name: str) -> str:
    """Return a name without a label as words: `review_date` is `Review date`."""
    return name.replace("_", " ").strip().capitalize() or name


def _words(fields: Mapping[str, Field]) -> dict[str, FieldWords]:
    return {
        name: FieldWords(field.label.en, {code: words.en for code, words in field.codes.items()})
        for name, field in fields.items()
    }
