"""Errors of the HTTP API as problem details (RFC 9457): what is wrong, all of it at once."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

import msgspec
from aiohttp import web

MEDIA_TYPE = "application/problem+json"


class ProblemKind(enum.Enum):
    """What can be wrong: the last part of the problem's type, the HTTP status, the title."""

    QUERY_INVALID = ("query-invalid", 400, "The query cannot be read.")
    BODY_UNREADABLE = ("body-unreadable", 400, "The body is not one unambiguous JSON object.")
    NOT_AUTHENTICATED = ("not-authenticated", 401, "There is no valid bearer token.")
    SCOPE_MISSING = ("scope-missing", 403, "The token does not allow this.")
    NOT_FOUND = ("not-found", 404, "There is no such thing here.")
    YEAR_NOT_PUBLISHED = ("year-not-published", 404, "There are no statistics of that year.")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "This path has other methods.")
    BODY_LATE = ("body-late", 408, "The body did not come in time.")
    STEP_OUT_OF_ORDER = ("step-out-of-order", 409, "The step cannot follow in this case.")
    BODY_TOO_LARGE = ("body-too-large", 413, "The body is too large.")
    NOT_JSON = ("not-json", 415, "The body must be application/json.")
    HOST_UNKNOWN = ("host-unknown", 421, "This server does not answer for that host.")
    DRAFT_INVALID = ("draft-invalid", 422, "The draft cannot become a request.")
    STEP_INVALID = ("step-invalid", 422, "The step cannot be taken as it is.")
    KEY_REUSED = ("idempotency-key-reused", 422, "The Idempotency-Key was used for another body.")
    TOO_MANY_REQUESTS = ("too-many-requests", 429, "This token asks too often.")
    DEFECT = ("defect", 500, "This is a defect of the bridge.")
    UNAVAILABLE = ("unavailable", 503, "The bridge cannot do that now.")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[1]


class FieldProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong: at which field, why, and by which provision or usage of the network."""

    field: str
    reason: str
    basis: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an error. `type` begins with `urn:rogatory:problem:`, `errors` lists all that is wrong."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()


class ApiProblem(Exception):
    """Raised to answer a call with a problem. `detail` is one or two sentences, without any secret."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        errors: Iterable[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """Return the HTTP response."""
        slug, status, title = self.kind.value
        problem = Problem(
            type=f"urn:rogatory:problem:{slug}",
            title=title,
            status=status,
            detail=self.detail,
            errors=self.errors,
        )
        return web.Response(
            body=msgspec.json.encode(problem), status=status, content_type=MEDIA_TYPE, headers=self.headers
        )
