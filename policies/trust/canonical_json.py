"""Canonical JSON: the one sequence of bytes that stands for a JSON value, so that it can be signed.

Matrix specification, appendices, "Canonical JSON": keys sorted by code point, no white space, UTF-8,
integers within ±(2^53 - 1), the shortest escapes.
"""

from __future__ import annotations

import json
from typing import NoReturn

import msgspec

from policies.trust.errors import CanonicalJsonError

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON implementation keeps exactly."""

_DEEPEST = 100
"""Levels of nesting: far more than any object of ours, far fewer than Python's recursion allows."""


def encode(value: object) -> bytes:
    """Return the canonical JSON of `value`: None, bool, int, str, and lists and dicts of them.

    Raises CanonicalJsonError with the path of what has no canonical form: a float, an integer that is too
    large, a key that is no string, a lone surrogate, any other type.
    """
    _check(value, "$", 0)
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    ).encode()


def from_struct(struct: msgspec.Struct) -> dict[str, object]:
    """Return a Struct as the JSON object that goes over the wire: lists for tuples, texts for times."""
    value: dict[str, object] = json.loads(msgspec.json.encode(struct))
    return value


def decode_object(data: bytes) -> dict[str, object]:
    """Read one JSON object so that it can mean only one thing.

    Refuses what two readers could understand differently: a repeated key, a float, bytes that are not
    UTF-8, nesting without end. Raises CanonicalJsonError.
    """
    try:
        value: object = json.loads(
            data.decode(), object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float
        )
    except CanonicalJsonError:
        raise
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _refusal("The bytes are not JSON:", reason + ".") from None
    if not isinstance(value, dict):
        raise _refusal("The JSON is not an object:", f"it is a {type(value).__name__}.")
    _check(value, "$", 0)
    return value


def _check(value: object, path: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise _refusal(f"{path} has no canonical form:", f"it lies deeper than {_DEEPEST} levels.")
    if isinstance(value, str):
        _check_text(value, path)
    elif value is None or isinstance(value, bool):
        pass
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise _refusal(f"{path} has no canonical form:", "the integer is beyond ±(2^53 - 1).")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                raise _refusal(f"{path} has no canonical form:", f"the key {key!r} is not a string.")
            _check_text(key, path)
            _check(member, f"{path}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]", depth + 1)
    else:
        raise _refusal(f"{path} has no canonical form:", f"{type(value).__name__} is not allowed.")


def _check_text(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refusal(f"{path} has no canonical form:", "the text holds half of a surrogate pair.") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        repeated = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise _refusal("The JSON is ambiguous:", f"the key {repeated!r} occurs twice in one object.")
    return value


def _no_float(text: str) -> NoReturn:
    raise _refusal("The JSON has no canonical form:", f"{text} is not an integer.")


def _refusal(what: str, why: str) -> CanonicalJsonError:
    return CanonicalJsonError(
        what,
        why=why,
        remedy="Ask whoever made it for an object of strings, whole numbers, lists and objects.",
    )
