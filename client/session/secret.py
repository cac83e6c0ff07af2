"""Secrets that stay out of sight: what Python prints of a variable must never be a password or a key."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable
from typing import Generic, NoReturn, TypeVar

from policies.errors import RogatoryError

_Result = TypeVar("_Result")
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


def hidden(value: str | Secret[str]) -> Secret[str]:
    """Return what a caller may have given plainly: `value = hidden(value)` comes first in a function."""
    return value if isinstance(value, Secret) else Secret(value)


async def without_frames(work: Awaitable[_Result]) -> _Result:
    """Await what must handle a secret in the clear; an error of it comes without the frames that did."""
    try:
        return await work
    except RogatoryError as error:
        raise error.with_traceback(None) from None


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
