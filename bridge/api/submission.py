"""The body of POST /v1/requests: read within limits, so that nothing in it costs or hides anything."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterator
from typing import Annotated

import msgspec
from aiohttp import web

from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from policies.requests.court_request import TEMPLATE_PATTERN
from policies.requests.draft import Draft
from policies.requests.templates.evaluate import is_present
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError

LARGEST_BODY = 256 * 1024
"""Bytes. A request with its text must fit into 44 KiB; the rest is room for white space and escapes."""
_DEEPEST = 16
"""Levels of nesting; no field of a template has more than four."""
_SECONDS = 30.0
"""How long a body may take to arrive."""
_USAGE = "network default"


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to be issued: the template with its version, and its values under the template's names."""

    template: Annotated[str, msgspec.Meta(pattern=f"^{TEMPLATE_PATTERN.pattern}$")]
    common: dict[str, object]
    fields: dict[str, object]


async def read_submission(request: web.Request) -> Draft:
    """Read the draft in a call's body; what is left empty in it is left out.

    Whether it is complete and lawful, says `check_draft`. Raises ApiProblem with everything that is wrong.
    """
    if request.content_type != "application/json":
        raise ApiProblem(ProblemKind.NOT_JSON, "Send the draft as application/json.")
    document = _document(await _body(request))
    if wrong := list(_unsuitable(document, "", 0)):
        raise ApiProblem(ProblemKind.DRAFT_INVALID, "Nothing was issued.", wrong)
    try:
        submission = msgspec.convert(document, Submission)
    except msgspec.ValidationError as error:
        path, reason = _path_and_reason(error)
        raise ApiProblem(
            ProblemKind.DRAFT_INVALID, "Nothing was issued.", [FieldProblem(path, reason, _USAGE)]
        ) from None
    common, fields = (
        {name: value for name, value in table.items() if is_present(value)}
        for table in (submission.common, submission.fields)
    )
    return Draft(template=submission.template, common=common, fields=fields)


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
    return path.rstrip("`").lstrip(".") or "draft", f"{reason}."
