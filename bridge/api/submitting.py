"""POST /v1/requests: a draft is checked as a lawyer would, recorded, and only then accepted."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import msgspec
from aiohttp import web

from bridge.api.answers import AcceptedRequest
from bridge.api.call import Call
from bridge.api.idempotency import AnsweredMeanwhile, OneAnswer
from bridge.api.operation import Operation
from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from bridge.api.submission import Submission, read_submission
from bridge.api.tokens import Scope
from bridge.errors import AddresseeRefused
from bridge.request_record import RequestRecord
from policies.requests.cards.load import card_for
from policies.requests.check.context import Context
from policies.requests.check.draft_check import check_draft
from policies.requests.check.finding import Finding
from policies.requests.draft import Draft, read_draft
from policies.requests.errors import RequestError

_USAGE = "network default"


async def _submit(call: Call) -> web.Response:
    draft = await read_submission(call.request)
    once = call.once(msgspec.to_builtins(draft))
    try:
        once.require_first()
        warnings = _checked(draft, call)
        addressees = await call.service.issuing.addressees(draft)
        return _accepted(await _recorded(call, once, draft, addressees, warnings))
    except AnsweredMeanwhile as meanwhile:
        return _accepted(meanwhile.answer)
    except AddresseeRefused as error:
        problem = FieldProblem("requested_state", error.why, _USAGE)
        raise ApiProblem(ProblemKind.DRAFT_INVALID, "Nothing was issued.", [problem]) from None
    except RequestError as error:
        raise ApiProblem(ProblemKind.DRAFT_INVALID, f"{error.what} {error.why} {error.remedy}") from None


async def _recorded(
    call: Call, once: OneAnswer, draft: Draft, addressees: Sequence[str], warnings: tuple[Finding, ...]
) -> bytes:
    """Return the answer, once it and the request's intent are committed together."""
    answer = b""

    def beside(record: RequestRecord) -> None:
        nonlocal answer
        answer = msgspec.json.encode(
            AcceptedRequest(
                id=record.request_id, state=record.status, issued_at=record.issued_at, warnings=warnings
            )
        )
        once.store(record.request_id, answer)

    await call.service.issuing.begin(draft, addressees, beside)
    return answer


def _checked(draft: Draft, call: Call) -> tuple[Finding, ...]:
    """Return the warnings. Raises ApiProblem with everything that is missing or wrong."""
    today = call.service.register.now().date()
    result = check_draft(draft, Context(today=today, card=card_for(draft.common)))
    errors = [FieldProblem(each.field, each.reason, each.basis) for each in result.errors]
    originator, ours = draft.common.get("originator"), call.service.issuing.originator
    if originator is not None and originator != ours:
        errors.append(FieldProblem("originator", f"This bridge issues for {ours}.", _USAGE))
    if errors:
        raise ApiProblem(ProblemKind.DRAFT_INVALID, "Nothing was issued.", errors)
    return result.warnings


def _accepted(answer: bytes) -> web.Response:
    location = f"/v1/requests/{msgspec.json.decode(answer, type=AcceptedRequest).id}"
    return web.Response(
        body=answer, status=202, content_type="application/json", headers={"Location": location}
    )


def _example() -> dict[str, object]:
    draft = read_draft(files("policies").joinpath("data", "sample_request.toml").read_text())
    return {"template": draft.template, "common": draft.common, "fields": draft.fields}


SUBMITTING = (
    Operation(
        method="POST",
        path="/v1/requests",
        name="submitRequest",
        summary="Issue a request; 202 once it is recorded for good",
        handler=_submit,
        scope=Scope.SUBMIT,
        body=Submission,
        body_example=_example(),
        idempotent=True,
        answer=AcceptedRequest,
        status=202,
        problems=(ProblemKind.DRAFT_INVALID, ProblemKind.KEY_REUSED, ProblemKind.UNAVAILABLE),
    ),
)
