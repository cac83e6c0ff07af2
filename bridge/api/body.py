"""The JSON body of a call: read within limits, so that nothing in it costs or hides anything."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterator
from typing import TypeVar

import msgspec
from aiohttp import web

from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError

LARGEST_BODY = 256 * 1024
"""Bytes. A request with its text must fit into 44 KiB; the rest is room for white space and escapes."""
_DEEPEST = 16
"""Levels of nesting; no field of a template has more than four."""
_SECONDS = 30.0
"""How long a body may take to arrive."""
_USAGE = "network default"

_NAMED = re.compile(r"field `([^`]*)`$")
_NOTHING = "Nothing was recorded."

Shape = TypeVar("Shape")


async def read_body(request: web.Request, shape: type[Shape], invalid: ProblemKind) -> Shape:
    """Read the JSON object in a call's body as a Struct.

    Raises ApiProblem: with what is wrong with the body, or `invalid` with each place that does not fit.
    """
    if request.content_type != "application/json":
        raise ApiProblem(ProblemKind.NOT_JSON, "Send the body as application/json.")
    document = _document(await _body(request))
    if wrong := list(_unsuitable(document, "", 0)):
        raise ApiProblem(invalid, _NOTHING, wrong)
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        path, reason = _path_and_reason(error)
        raise ApiProblem(invalid, _NOTHING, [FieldProblem(path, reason, _USAGE)]) from None


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(_SECONDS):
            return await request.read()
    except TimeoutError:
        raise ApiProblem(ProblemKind.BODY_LATE, f"It has {_SECONDS:.0f} seconds to arrive.") from None
    except web.HTTPRequestEntityTooLarge:
        raise ApiProblem(ProblemKind.BODY_TOO_LARGE, f"It may have {LARGEST_BODY} bytes.") from None


def _document(body: bytes) -> dict[str, object]:
    try:
        return canonical_json.decode_object(body)
    except CanonicalJsonError as error:
        raise ApiProblem(ProblemKind.BODY_UNREADABLE, f"{error.what} {error.why}") from None


def _unsuitable(value: object, path: str, depth: int) -> Iterator[FieldProblem]:
    """Yield every control character, and what lies too deep; `path` is a JSON pointer (RFC 6901)."""
    if depth > _DEEPEST:
        yield FieldProblem(path, f"It lies deeper than {_DEEPEST} levels.", _USAGE)
    elif isinstance(value, str):
        if any(_is_control(each) for each in value):
            yield FieldProblem(
                path, "It holds a control character, which no text of a request needs.", _USAGE
            )
    elif isinstance(value, dict):
        for key, member in value.items():
            if any(_is_control(each) for each in key):
                yield FieldProblem(path or "/", "One of its names holds a control character.", _USAGE)
            else:
                yield from _unsuitable(member, f"{path}/{key}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unsuitable(item, f"{path}/{index}", depth + 1)


def _is_control(character: str) -> bool:
    """Line ends and tabs belong to texts; no other control character does (Unicode category Cc)."""
    return character not in "\n\t" and unicodedata.category(character) == "Cc"


def _path_and_reason(error: msgspec.ValidationError) -> tuple[str, str]:
    reason, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if named := _NAMED.search(reason):  # a field that is missing or unknown is not in the path
        path = f"{path}.{named[1][:80]}".lstrip(".")
    return path or "body", f"{reason}."
