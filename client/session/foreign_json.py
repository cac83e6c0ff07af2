"""JSON that others wrote, read so that no piece of it costs another piece, or its reader.

What `decode` lets through can be encoded and stored again: it is UTF-8, whole, and not nested without end.
"""

from __future__ import annotations

import re
from array import array
from itertools import accumulate
from typing import TypeVar

import msgspec

_Value = TypeVar("_Value")

DEEPEST = 100
"""Levels of nesting in a piece: far more than anybody needs, far fewer than Python's recursion allows."""
_DEEPEST_ANSWER = DEEPEST + 20
"""Levels in a whole answer: a piece, within what the answer wraps around it."""

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_STRINGS = re.compile(_STRING, re.DOTALL)
_TOKENS = re.compile(_STRING + rb"|[][{}]|NaN|-?Infinity", re.DOTALL)
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a character beyond the first plane
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\.",
    re.DOTALL,
)
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""One level down, one level up: 1 and -1 as signed bytes."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def decode(raw: bytes | msgspec.Raw, type: type[_Value]) -> _Value:
    """Return one piece decoded. Raises msgspec.DecodeError, and nothing else, whatever is wrong with it."""
    data = bytes(raw)
    if data.count(b"{") + data.count(b"[") > DEEPEST and _is_too_deep(data):
        raise msgspec.DecodeError("It is nested too deeply")
    return decode_flat(data, type)


def decode_flat(raw: bytes | msgspec.Raw, type: type[_Value]) -> _Value:
    """Do the same for a type that leaves what is nested raw: cheaper, where every event passes."""
    try:
        return msgspec.json.decode(raw, type=type)
    except UnicodeDecodeError:
        raise msgspec.DecodeError("It is not UTF-8") from None
    except RecursionError:
        raise msgspec.DecodeError("It is nested too deeply") from None


def mended(raw: bytes) -> bytes:
    """Return a whole answer without what would make all of it unreadable.

    Half a surrogate pair, which any local user can send and Synapse passes on, and bytes that are not UTF-8
    become question marks or U+FFFD; what lies too deep and what is no number become null.
    """
    data = raw.decode("utf-8", "replace").encode()
    kept: list[bytes] = []
    begin = depth = 0
    for token in _TOKENS.finditer(data):
        match data[token.start()]:
            case 0x5B | 0x7B:  # [ {
                depth += 1
                if depth == _DEEPEST_ANSWER + 1:
                    kept += (data[begin : token.start()], b"null")
            case 0x5D | 0x7D:  # ] }
                if depth == _DEEPEST_ANSWER + 1:
                    begin = token.end()
                depth -= 1
            case _ if depth > _DEEPEST_ANSWER:
                continue
            case 0x22:  # "
                if b"\\u" in token[0]:
                    kept += (data[begin : token.start()], _ESCAPES.sub(_whole, token[0]))
                    begin = token.end()
            case _:
                kept += (data[begin : token.start()], b"null")
                begin = token.end()
    return b"".join([*kept, data[begin:]])


def _whole(escape: re.Match[bytes]) -> bytes:
    return b"?" if escape["half"] else escape[0]


def _is_too_deep(data: bytes) -> bool:
    brackets = _STRINGS.sub(b"", data).translate(_STEPS, _NO_BRACKETS)
    return max(accumulate(array("b", brackets)), default=0) > DEEPEST
