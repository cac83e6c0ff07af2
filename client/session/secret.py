"""Secrets that stay out of sight: what Python prints of a variable must never be a password or a key."""

from __future__ import annotations

import hmac
from typing import Generic, NoReturn, TypeVar

_Value = TypeVar("_Value", str, bytes)


class Secret(Generic[_Value]):
    """A text or bytes that no repr, no log and no traceback with local variables shows.

    `reveal` gives the value, in the expression that uses it: a variable that holds it would be shown again.
    """

    __slots__ = ("_value",)

    def __init__(self, value: _Value) -> None:
        self._value: _Value = value

    def reveal(self) -> _Value:
        """Return the value itself."""
        return self._value

    def __repr__(self) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        return isinstance(other, Secret) and hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
