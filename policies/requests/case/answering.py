"""What an answer does to a case, and when it can do nothing: the lawful answers are the template's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import msgspec

from policies.requests.case.answer import AttachedFile, SignedAnswer
from policies.requests.case.case import Case, CaseState, Entry
from policies.requests.case.refusal import Refusal
from policies.requests.check.answer_check import Answer, History, check_answer
from policies.requests.check.context import Context
from policies.requests.clocks.reading import expired_clocks
from policies.requests.clocks.standstill import POSTPONEMENTS
from policies.requests.errors import CommunicationRefused
from policies.requests.templates.kinds import OutcomeKind, Side

_FURTHEST_EAST = timedelta(hours=14)
"""How far the day of the easternmost States is ahead of UTC."""


def answer_case(case: Case, entry: Entry, answer: SignedAnswer, facts: Mapping[str, object]) -> Case:
    """Return the case after an answer that holds. Raises CommunicationRefused when it is not lawful here."""
    _require_lawful(case, entry, answer, facts)
    final = entry.is_final
    return msgspec.structs.replace(
        case,
        state=_state_after(case, entry),
        delivered_at=case.delivered_at or entry.at,  # whoever answers can read
        acknowledged_at=case.acknowledged_at or entry.at,
        answered_at=case.answered_at or (entry.at if final else None),
        history=(*case.history, entry),
    )


def latest_day(at: datetime) -> date:
    """Return the latest day that it is anywhere at a time: what is dated then is not in the future."""
    return (at + _FURTHEST_EAST).date()


def history_of(case: Case, at: datetime) -> History:
    """Return what the check of an answer asks about the case: earlier answers, statutory clocks run out."""
    return History(outcomes=case.outcomes, expired_clocks=expired_clocks(case, at))


def with_files(values: Mapping[str, object], files: Iterable[AttachedFile]) -> dict[str, object]:
    """Return the request's values with an answer's files among the attachments: details may name them."""
    given = values.get("attachments")
    named = [{"title": each.name, "sha256": each.sha256} for each in files]
    if not named:
        return dict(values)
    return {**values, "attachments": [*(given if isinstance(given, list) else ()), *named]}


def _require_lawful(case: Case, entry: Entry, answer: SignedAnswer, facts: Mapping[str, object]) -> None:
    if entry.outcome is not None and entry.outcome.kind is OutcomeKind.COURT:
        raise _refused(Refusal.NOT_LAWFUL_HERE, f"{answer.outcome} is a step that only the Court takes.")
    if case.is_draft and entry.is_final:
        raise _refused(Refusal.NOT_LAWFUL_HERE, "It is a draft for consultation, and not yet a request.")
    asked = [name for name, field in case.template.all_fields.items() if field.side is Side.REQUEST]
    carried = entry.outcome.carries if entry.outcome else ()
    if foreign := sorted(set(answer.details) & set(asked) - set(carried)):
        raise _refused(Refusal.INCOMPLETE, f"{foreign[0]} is a field of the request, no detail of an answer.")
    result = check_answer(
        case.request.template,
        with_files(case.values, answer.attachments),
        Answer(outcome=answer.outcome, details=answer.carried),
        history_of(case, entry.at),
        Context(today=latest_day(entry.at), facts=facts),
    )
    if not result.ok:
        unlawful = any(error.field == "outcome" for error in result.errors)
        why = " ".join(f"{each.field}: {each.reason} [{each.basis}]" for each in result.errors)
        raise _refused(Refusal.NOT_LAWFUL_HERE if unlawful else Refusal.INCOMPLETE, why)


def _state_after(case: Case, entry: Entry) -> CaseState:
    if case.is_draft or (case.state is CaseState.ANSWERED and not entry.is_final):
        return case.state
    if entry.is_final:
        return CaseState.ANSWERED
    if entry.is_receipt:
        early = case.state in (CaseState.ISSUED, CaseState.DELIVERED)
        return CaseState.ACKNOWLEDGED if early else case.state
    if entry.code in POSTPONEMENTS:
        return CaseState.POSTPONED
    consults = entry.code in case.template.common.stopped_by
    return CaseState.IN_CONSULTATION if consults else CaseState.IN_PROGRESS


def _refused(refusal: Refusal, why: str) -> CommunicationRefused:
    return CommunicationRefused("The answer has no effect.", refusal=refusal, why=why)
