"""The OpenAPI 3.1 document, derived from the operations and from the types that they read and answer with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from bridge.api.idempotency import HEADER, PATTERN
from bridge.api.operation import Operation, Shape
from bridge.api.problem import MEDIA_TYPE, Problem, ProblemKind

_REF = "#/components/schemas/{name}"
_WITH_TOKEN = (ProblemKind.NOT_AUTHENTICATED, ProblemKind.SCOPE_MISSING, ProblemKind.TOO_MANY_REQUESTS)
_WITH_BODY = (
    ProblemKind.BODY_UNREADABLE,
    ProblemKind.BODY_LATE,
    ProblemKind.BODY_TOO_LARGE,
    ProblemKind.NOT_JSON,
)
_ALWAYS = (ProblemKind.QUERY_INVALID, ProblemKind.HOST_UNKNOWN, ProblemKind.UNAVAILABLE)

_IN_PATH = {"id": "^[A-Z0-9-]+$", "year": "^[0-9]{4}-[0-9]{4}$"}

Schema = dict[str, Any]


def openapi_document(operations: Sequence[Operation]) -> bytes:
    """Return the document as JSON."""
    shapes = [shape for each in operations for shape in (each.answer, each.body) if shape is not None]
    components = _components([Problem, *shapes])
    paths: dict[str, Schema] = {}
    for operation in operations:
        described, more = _described(operation)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
        components |= more
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Rogatory bridge",
            "version": version("rogatory"),
            "description": "Requests of the Court, issued into the network and followed.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return json.dumps(document).encode()


def _described(operation: Operation) -> tuple[Schema, dict[str, Schema]]:
    """Return an operation's object, and the components that its query needs."""
    parameters, components = _query(operation)
    described: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path(operation), *_header(operation), *parameters],
        "responses": _responses(operation),
    }
    if operation.scope is not None:
        described["security"] = [{"token": []}]
        described["description"] = f"Needs a token with the scope `{operation.scope}`."
    if operation.body is not None:
        content: Schema = {"schema": {"$ref": _REF.format(name=operation.body.__name__)}}
        if operation.body_example is not None:
            content["example"] = operation.body_example
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described, components


def _path(operation: Operation) -> Iterator[Schema]:
    for name, pattern in _IN_PATH.items():
        if f"{{{name}}}" in operation.path:
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "pattern": pattern},
            }


def _header(operation: Operation) -> Iterator[Schema]:
    if operation.idempotent:
        yield {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": "The same key with the same body is answered with the first answer.",
            "schema": {"type": "string", "pattern": PATTERN},
        }


def _query(operation: Operation) -> tuple[list[Schema], dict[str, Schema]]:
    if operation.query is None:
        return [], {}
    components = _components([operation.query])
    properties = components.pop(operation.query.__name__)["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in properties.items()
    ], components


def _components(shapes: Sequence[Shape]) -> dict[str, Schema]:
    _, components = msgspec.json.schema_components(shapes, schema_hook=_any_json, ref_template=_REF)
    return components


def _any_json(kind: type) -> Schema:
    """Let `object` be any JSON value. Raises NotImplementedError for what has no schema."""
    if kind is object:
        return {"description": "Any JSON value."}  # an empty schema counts as none
    raise NotImplementedError(kind)


def _responses(operation: Operation) -> dict[str, Schema]:
    success: Schema = {"description": operation.summary}
    schema = {"$ref": _REF.format(name=operation.answer.__name__)} if operation.answer else {}
    success["content"] = {operation.media_type: {"schema": schema or {"type": "string"}}}
    kinds: dict[int, list[str]] = {}
    for kind in _problems(operation):
        kinds.setdefault(kind.status, []).append(kind.value[2])
    problem = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    failures = {
        str(status): {"description": " ".join(dict.fromkeys(titles)), "content": problem}
        for status, titles in sorted(kinds.items())
    }
    return {str(operation.status): success, **failures}


def _problems(operation: Operation) -> Iterator[ProblemKind]:
    yield from _ALWAYS
    if operation.scope is not None:
        yield from _WITH_TOKEN
    if operation.body is not None:
        yield from _WITH_BODY
    yield from operation.problems
