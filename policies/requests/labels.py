"""English words for the names and codes of requests, from `policies/data/request_labels.toml`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec

_NUMBERED = re.compile(r"(ART|RULE|REG)_([0-9]+)((?:_[0-9a-zA-Z]+)*)")
_KINDS = {"ART": "article", "RULE": "rule", "REG": "regulation"}


class TemplateLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A template's title, and the label of each of its fields, in the order in which they are read."""

    title: str
    fields: dict[str, str]


class Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What names and codes are called in English. What has no entry is still called something."""

    common: dict[str, str]
    originators: dict[str, str]
    codes: dict[str, str]
    templates: dict[str, TemplateLabels]

    def title_of(self, template: str) -> str:
        """Return the title of a template such as `T13@1.0`; empty for one without labels."""
        labels = self.templates.get(template.partition("@")[0])
        return labels.title if labels else ""

    def fields_of(self, template: str) -> dict[str, str]:
        """Return the field labels of a template such as `T13@1.0`; empty for one without labels."""
        labels = self.templates.get(template.partition("@")[0])
        return labels.fields if labels else {}

    def code(self, code: str) -> str:
        """Return a code as people read it, with the code itself: `Freeze (FREEZE)`, `article 93(1)(k)`."""
        if code in self.codes:
            return f"{self.codes[code]} ({code})"
        if code in self.originators:
            return f"{self.originators[code]} ({code})"
        return provision(code) or code


@cache
def load_labels() -> Labels:
    """Read the packaged labels, once a process."""
    data = files("policies").joinpath("data", "request_labels.toml").read_bytes()
    return msgspec.toml.decode(data, type=Labels)


def provision(code: str) -> str | None:
    """Return the provision that a code of `legal_basis` names: ART_93_1_k is article 93(1)(k)."""
    match = _NUMBERED.fullmatch(code)
    if match is None:
        return None
    kind, number, rest = match.groups()
    return f"{_KINDS[kind]} {number}" + "".join(f"({part})" for part in rest.split("_")[1:])


def spoken(name: str) -> str:
    """Return a name without a label as words: `review_date` is `Review date`."""
    return name.replace("_", " ").strip().capitalize() or name
