"""The draft in the body of POST /v1/requests."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from bridge.api.body import read_body
from bridge.api.problem import ProblemKind
from policies.requests.court_request import TEMPLATE_PATTERN
from policies.requests.draft import Draft
from policies.requests.templates.evaluate import is_present


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to be issued: the template with its version, and its values under the template's names."""

    template: Annotated[str, msgspec.Meta(pattern=f"^{TEMPLATE_PATTERN.pattern}$")]
    common: dict[str, object]
    fields: dict[str, object]


async def read_submission(request: web.Request) -> Draft:
    """Read the draft in a call's body; what is left empty in it is left out.

    Whether it is complete and lawful, says `check_draft`. Raises ApiProblem with everything that is wrong.
    """
    submission = await read_body(request, Submission, ProblemKind.DRAFT_INVALID)
    common, fields = (
        {name: value for name, value in table.items() if is_present(value)}
        for table in (submission.common, submission.fields)
    )
    return Draft(template=submission.template, common=common, fields=fields)
