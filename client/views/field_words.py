"""The fields of a request in words: labels and codes as the policy names them, values as lines."""

from __future__ import annotations

from collections.abc import Mapping

from client.views.safe_text import plain_lines, single_line
from policies.requests.labels import UNNAMED, FieldWords, in_order, organ_words, spoken


def organ_name(organ: str) -> str:
    """Return an organ's name with its code: `Office of the Prosecutor (OTP)`."""
    return single_line(organ_words(organ), empty="?")


def labelled(
    values: Mapping[str, object], known: Mapping[str, FieldWords]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return fields as labels and lines: those of the template in its order, then the others by name."""
    return [
        (words.label or _name(name), value_lines(values[name], words))
        for name, words in in_order(values, known)
    ]


def value_lines(value: object, words: FieldWords) -> tuple[str, ...]:
    """Return a value as lines: an item of a list a line, the parts of an object under their names."""
    match value:
        case None | "":
            return ("not given",)
        case bool():
            return ("yes" if value else "no",)
        case str():
            return plain_lines(words.code(value))
        case list() | tuple():
            return tuple(line for item in value for line in _item(item, words)) or ("none",)
        case Mapping():
            parts = ((words.codes.get(name) or _name(name), value[name]) for name in value)
            return tuple(line for label, part in parts for line in _part(label, part)) or ("none",)
        case _:
            return (single_line(str(value)),)


def _item(item: object, words: FieldWords) -> tuple[str, ...]:
    first, *rest = value_lines(item, words)
    return (f"• {first}", *(f"  {line}" for line in rest))


def _part(label: str, part: object) -> tuple[str, ...]:
    lines = value_lines(part, UNNAMED)
    if len(lines) == 1:
        return (f"{label}: {lines[0]}",)
    return (f"{label}:", *(f"  {line}" for line in lines))


def _name(name: str) -> str:
    return single_line(spoken(name), empty="?")
