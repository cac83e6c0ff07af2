"""Values spelt as JSON, also those that are no JSON: what Python's own writer would refuse to write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spelt:
    """A piece that is written as it stands."""

    text: bytes


@dataclass(frozen=True)
class Pairs:
    """An object as pairs, so that a key can come twice."""

    pairs: tuple[tuple[str, Any], ...]


def write(value: Any) -> bytes:
    """Return a value as it goes over the wire; half a surrogate pair is escaped, as Synapse does it."""
    match value:
        case Spelt():
            return value.text
        case Pairs():
            return b"{%s}" % b",".join(write(key) + b":" + write(one) for key, one in value.pairs)
        case dict():
            return b"{%s}" % b",".join(write(str(key)) + b":" + write(one) for key, one in value.items())
        case list() | tuple():
            return b"[%s]" % b",".join(map(write, value))
        case _:
            return json.dumps(value).encode()
