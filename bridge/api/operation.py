"""One operation of the API as data: its route, its guard and its part of the OpenAPI document follow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import web

from bridge.api.call import Call
from bridge.api.problem import ProblemKind
from bridge.api.tokens import Scope

Handler = Callable[[Call], Awaitable[web.Response]]
Shape = type[msgspec.Struct]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`scope` is what the token must allow, None where none is asked for.

    `answer` is the type of the JSON of the `status`, None where the body is `media_type` and no JSON of ours.
    `problems` are the errors beside those that every operation with a token or a body has.
    """

    method: str
    path: str
    name: str
    summary: str
    handler: Handler
    scope: Scope | None
    answer: Shape | None
    status: int = 200
    media_type: str = "application/json"
    query: Shape | None = None
    body: Shape | None = None
    body_example: Mapping[str, object] | None = None
    idempotent: bool = False
    problems: tuple[ProblemKind, ...] = ()


def json_answer(value: msgspec.Struct, status: int = 200) -> web.Response:
    """Return a Struct as a JSON response."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
