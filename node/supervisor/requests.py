"""What can be asked over the control socket: one JSON object a line, read strictly.

The answers are lines too: first `{"supervisor": pid}`, then any number of `{"progress": {...}}`, at the end
`{"result": ...}` or `{"error": {"kind", "what", "why", "remedy"}}`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from node.supervisor.specification import ChildSpecification

_Type = TypeVar("_Type")


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="start"):
    """Start these children; `wait_seconds` is for how long their health is awaited."""

    specifications: tuple[ChildSpecification, ...]
    wait_seconds: float | None


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="stop"):
    """Stop these children, or all."""

    names: tuple[str, ...] | None


class Restart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="restart"):
    """Stop one child and start it again."""

    name: str
    wait_seconds: float | None


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="status"):
    """Say how everything is."""


class Shutdown(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="shutdown"
):
    """Stop all children and end."""


Request = Start | Stop | Restart | Status | Shutdown


def _path(kind: type[_Type], value: object) -> _Type:
    if kind is Path and isinstance(value, str):
        return kind(value)  # type: ignore[call-arg] # it is Path, as the line above says
    raise NotImplementedError(f"{kind} does not occur in a request")


_DECODER: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request, dec_hook=_path)


def read_request(line: bytes) -> Request:
    """Read one line. Raises msgspec.DecodeError (ValidationError names the path) when it is no request."""
    return _DECODER.decode(line)
