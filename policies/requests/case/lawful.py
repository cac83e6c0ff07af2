"""What can lawfully follow in a case as it now stands: the State's answers, and the Court's steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from policies.network.titles import Title
from policies.requests.case.answering import history_of, latest_day
from policies.requests.case.case import Case, CaseState, ConfirmationStatus
from policies.requests.case.step import StepCode
from policies.requests.check.answer_check import Answer, check_answer
from policies.requests.check.context import Context
from policies.requests.check.finding import Finding
from policies.requests.templates.kinds import OutcomeKind
from policies.requests.templates.registry import packaged_templates

_NO_FACTS: Mapping[str, object] = {}


class LawfulAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that the State can give now, and what it must carry, each with its article."""

    outcome: str
    title: Title
    kind: OutcomeKind
    needs: tuple[Finding, ...]


def lawful_answers(
    case: Case, at: datetime, *, facts: Mapping[str, object] = _NO_FACTS, language: str = "en"
) -> tuple[LawfulAnswer, ...]:
    """Return the answers that the template allows and that the case, at that time, does not rule out."""
    if case.state.is_over:
        return ()
    return tuple(_answers(case, at, facts, language))


def lawful_steps(case: Case) -> tuple[StepCode, ...]:
    """Return the steps that the Court can decide on now; those that its bot takes by itself are left out."""
    if case.state.is_over:
        return ()
    answered = case.state is CaseState.ANSWERED
    consulting = case.state in (CaseState.IN_CONSULTATION, CaseState.PRE_CONSULTATION)
    advance = case.request.common.get("nature") == "ADVANCE"
    unconfirmed = case.confirmation.status is not ConfirmationStatus.CONFIRMED
    allowed = packaged_templates().allowed(case.template)
    possible = {
        StepCode.FORMALLY_CONFIRMED: advance and unconfirmed,
        StepCode.MODIFIED_BY_COURT: True,
        StepCode.WITHDRAWN_BY_COURT: True,
        StepCode.ARREST_REPORTED: "ARRESTED" in allowed,
        StepCode.CONSULTATION_ANSWERED: consulting,
        StepCode.CONSULTATIONS_EXHAUSTED: "RULING_SOUGHT_REG_108" in allowed,
        StepCode.SUPPLEMENT_ASKED: answered,
        StepCode.FOLLOW_UP: True,
        StepCode.CLOSED: answered or case.is_draft,
    }
    return tuple(step for step, can in possible.items() if can)


def _answers(case: Case, at: datetime, facts: Mapping[str, object], language: str) -> Iterator[LawfulAnswer]:
    context, history = Context(today=latest_day(at), facts=facts), history_of(case, at)
    for code, outcome in packaged_templates().allowed(case.template).items():
        if outcome.kind is OutcomeKind.COURT or (case.is_draft and outcome.kind is OutcomeKind.FINAL):
            continue
        empty = Answer(outcome=code, details={})
        found = check_answer(case.request.template, case.values, empty, history, context, language=language)
        if not any(error.field == "outcome" for error in found.errors):
            yield LawfulAnswer(outcome=code, title=outcome.title, kind=outcome.kind, needs=found.errors)
