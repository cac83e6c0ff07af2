"""POST /v1/requests/{id}/withdraw and the Court's other steps: signed, recorded, and only then accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from bridge.api.answers import AcceptedStep
from bridge.api.body import read_body
from bridge.api.call import Call
from bridge.api.idempotency import AnsweredMeanwhile, OneAnswer
from bridge.api.operation import Operation
from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from bridge.api.reading import visible_record
from bridge.api.tokens import Scope
from bridge.case_file import SignedStep
from bridge.court_steps import Choose, Step
from policies.requests.case.case import Case
from policies.requests.case.refusal import Refusal
from policies.requests.case.step import EVENT_KEY, StepCode
from policies.requests.case.step_details import (
    Closing,
    Confirmation,
    Exhaustion,
    FollowUpRequest,
    Modification,
    Reply,
    ReportedArrest,
    Withdrawal,
    Words,
)
from policies.requests.errors import CaseNotOpened, CommunicationRefused

_USAGE = "network default"
_AS_IT_STANDS = frozenset({Refusal.OUT_OF_ORDER, Refusal.CASE_OVER, Refusal.NOT_LAWFUL_HERE})
"""The case does not allow the step, however it is put."""
_AS_IT_IS_PUT = frozenset(
    {Refusal.INCOMPLETE, Refusal.MALFORMED, Refusal.CONTROL_CHARACTERS, Refusal.TOO_LARGE}
)
"""Put otherwise, the step could follow."""


class SupplementAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is still asked, and of which answer: without a hash, of the last final one."""

    reason: Words
    answer_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class StepCall:
    """A step as the API has it: the last part of its path is the verb of the command line.

    With `on_last_final` it is about the last final answer, unless the body names another.
    """

    verb: str
    step: StepCode
    summary: str
    body: type[msgspec.Struct]
    example: dict[str, object] = field(default_factory=dict)
    on_last_final: bool = False

    async def handle(self, call: Call) -> web.Response:
        """Take the step in the request that the path names."""
        request_id = visible_record(call).request_id
        given = _details(await read_body(call.request, self.body, ProblemKind.STEP_INVALID))
        once = call.once({"id": request_id, "step": self.step.value, "details": given})

        def choose(case: Case) -> Step:
            once.require_first()  # here nobody else takes a step: what was answered meanwhile is seen
            return self.step, self._in_view_of(case, given)

        try:
            return _accepted(await self._recorded(call, request_id, once, choose))
        except AnsweredMeanwhile as meanwhile:
            return _accepted(meanwhile.answer)
        except CommunicationRefused as refused:
            raise _problem(refused) from None
        except CaseNotOpened as error:
            found = FieldProblem("state", error.why, _USAGE)
            raise ApiProblem(ProblemKind.STEP_OUT_OF_ORDER, error.what, [found]) from None

    async def _recorded(self, call: Call, request_id: str, once: OneAnswer, choose: Choose) -> bytes:
        """Return the answer, once it and the signed step are committed together."""
        answer = b""

        def beside(signed: SignedStep, after: Case) -> None:
            nonlocal answer
            said = signed.content[EVENT_KEY]
            accepted = AcceptedStep(
                id=request_id,
                step=self.step,
                occurred_at=str(said["occurred_at"]) if isinstance(said, Mapping) else "",
                case_state=after.state,
            )
            answer = msgspec.json.encode(accepted)
            once.store(request_id, answer)

        await call.service.issuing.take_step(request_id, choose, beside)
        return answer

    def _in_view_of(self, case: Case, given: dict[str, object]) -> dict[str, object]:
        if self.on_last_final and case.last_final is not None:
            return {"answer_sha256": case.last_final.sha256} | given
        return given


def _details(body: msgspec.Struct) -> dict[str, object]:
    """Return a step's details as they are signed: what is left out in the body is left out."""
    built: dict[str, object] = msgspec.to_builtins(body)
    return {name: value for name, value in built.items() if value is not None}


def _problem(refused: CommunicationRefused) -> ApiProblem:
    found = [FieldProblem(each.field, each.reason, each.basis) for each in refused.findings]
    if refused.refusal in _AS_IT_STANDS:
        kind = ProblemKind.STEP_OUT_OF_ORDER
    elif refused.refusal in _AS_IT_IS_PUT:
        kind = ProblemKind.STEP_INVALID
    else:
        kind = ProblemKind.UNAVAILABLE  # as with a key that is out of date: the caller cannot mend it
    found = found or [FieldProblem("step", refused.why, _USAGE)]
    return ApiProblem(kind, f"Nothing was recorded. {refused.remedy}", found)


def _accepted(answer: bytes) -> web.Response:
    request_id = msgspec.json.decode(answer, type=AcceptedStep).id
    headers = {"Location": f"/v1/requests/{request_id}/events"}
    return web.Response(body=answer, status=202, content_type="application/json", headers=headers)


_CALLS = (
    StepCall(
        verb="confirm",
        step=StepCode.FORMALLY_CONFIRMED,
        summary="Note the formal confirmation of an advance copy (articles 91(1), 96(1))",
        body=Confirmation,
        example={"channel": "DIPLOMATIC", "reference": "NV/2026/0117", "date": "2026-11-25"},
    ),
    StepCall(
        verb="modify",
        step=StepCode.MODIFIED_BY_COURT,
        summary="Modify fields of a request (article 93(3)); it must be as good as a new one",
        body=Modification,
        example={"reason": "Another procedure was agreed on.", "changes": {"urgency": "ROUTINE"}},
    ),
    StepCall(
        verb="reply",
        step=StepCode.CONSULTATION_ANSWERED,
        summary="Reply to what the State consults the Court on (articles 93(3), 96(3), 97)",
        body=Reply,
        example={"reply": "The second account is meant."},
    ),
    StepCall(
        verb="arrest",
        step=StepCode.ARREST_REPORTED,
        summary="Note an arrest of which the State has told by another channel (rules 184(1), 188)",
        body=ReportedArrest,
        example={"arrest_date": "2026-11-20", "source": "INTERPOL"},
    ),
    StepCall(
        verb="supplement",
        step=StepCode.SUPPLEMENT_ASKED,
        summary="Ask the State for more than a final answer has",
        body=SupplementAsked,
        example={"reason": "The statements of the second account are missing."},
        on_last_final=True,
    ),
    StepCall(
        verb="exhausted",
        step=StepCode.CONSULTATIONS_EXHAUSTED,
        summary="Declare consultations exhausted (Regulations of the Court, 108(2))",
        body=Exhaustion,
        example={"consultations_exhausted_on": "2026-11-24"},
    ),
    StepCall(
        verb="follow-up",
        step=StepCode.FOLLOW_UP,
        summary="Note that another request continues this one",
        body=FollowUpRequest,
        example={"request_id": "ROG-2026-7KQ4XM", "template": "T01", "received_on": "2026-11-24"},
    ),
    StepCall(
        verb="close",
        step=StepCode.CLOSED,
        summary="Close a request on its last final answer, or on the one that is named",
        body=Closing,
        on_last_final=True,
    ),
    StepCall(
        verb="withdraw",
        step=StepCode.WITHDRAWN_BY_COURT,
        summary="Withdraw a request: nothing can follow",
        body=Withdrawal,
        example={"reason": "The person was surrendered by another State."},
    ),
)

STEPPING = tuple(
    Operation(
        method="POST",
        path=f"/v1/requests/{{id}}/{each.verb}",
        name=f"{each.verb.replace('-u', 'U')}Request",
        summary=each.summary,
        handler=each.handle,
        scope=Scope.STEP,
        body=each.body,
        body_example=each.example,
        idempotent=True,
        answer=AcceptedStep,
        status=202,
        problems=(
            ProblemKind.NOT_FOUND,
            ProblemKind.STEP_OUT_OF_ORDER,
            ProblemKind.STEP_INVALID,
            ProblemKind.KEY_REUSED,
        ),
    )
    for each in _CALLS
)
