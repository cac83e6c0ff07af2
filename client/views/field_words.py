"""The fields of a request in words: labels and codes as the policy names them, values as lines."""

from __future__ import annotations

from collections.abc import Mapping

from client.views.safe_text import plain_lines, single_line
from policies.requests.labels import Labels, load_labels, spoken


def organ_name(organ: str) -> str:
    """Return an organ's name with its code: `Office of the Prosecutor (OTP)`."""
    return single_line(load_labels().code(organ), empty="?")


def labelled(values: Mapping[str, object], known: Mapping[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return fields as labels and lines: those that have a label in its order, then the others by name."""
    labels = load_labels()
    order = [*(name for name in known if name in values), *sorted(set(values) - set(known))]
    return [(known.get(name) or _name(name), value_lines(values[name], labels)) for name in order]


def value_lines(value: object, labels: Labels) -> tuple[str, ...]:
    """Return a value as lines: an item of a list a line, the parts of an object under their names."""
    match value:
        case None | "":
            return ("not given",)
        case bool():
            return ("yes" if value else "no",)
        case str():
            return plain_lines(labels.code(value))
        case list() | tuple():
            return tuple(line for item in value for line in _item(item, labels)) or ("none",)
        case Mapping():
            return tuple(line for name in value for line in _part(name, value[name], labels)) or ("none",)
        case _:
            return (single_line(str(value)),)


def _item(item: object, labels: Labels) -> tuple[str, ...]:
    first, *rest = value_lines(item, labels)
    return (f"• {first}", *(f"  {line}" for line in rest))


def _part(name: str, part: object, labels: Labels) -> tuple[str, ...]:
    lines = value_lines(part, labels)
    if len(lines) == 1:
        return (f"{_name(name)}: {lines[0]}",)
    return (f"{_name(name)}:", *(f"  {line}" for line in lines))


def _name(name: str) -> str:
    return single_line(spoken(name), empty="?")
