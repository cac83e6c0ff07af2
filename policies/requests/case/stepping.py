"""What a step of the Court does to a case, and when it cannot follow."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from policies.requests.case.answering import latest_day
from policies.requests.case.case import Case, CaseState, ConfirmationStatus, Entry, FormalConfirmation
from policies.requests.case.refusal import Refusal
from policies.requests.case.step import StepCode
from policies.requests.case.step_details import (
    Closing,
    Confirmation,
    Exhaustion,
    FollowUpRequest,
    Modification,
    NoDetails,
    ReceivedAnswer,
    Reminding,
    Reply,
    ReportedArrest,
    StepDetails,
    Supplement,
    Withdrawal,
)
from policies.requests.check.context import Context
from policies.requests.check.draft_check import check_draft
from policies.requests.check.finding import Finding
from policies.requests.clocks.reading import clocks_of
from policies.requests.draft import Draft
from policies.requests.errors import CommunicationRefused
from policies.requests.templates.evaluate import is_present
from policies.requests.templates.kinds import Side
from policies.requests.templates.registry import packaged_templates

_USAGE = "network default"
_WRITTEN = "91(1), 96(1)"
"""What is sent in advance is confirmed through the channel of article 87(1)(a)."""
_NEVER_MODIFIED = frozenset({"nature", "originator", "addressee_type", "requested_state", "requesting_state"})
"""Who asks whom, and whether it is a request: what changes that is another request."""


def step_case(case: Case, entry: Entry, details: StepDetails, facts: Mapping[str, object]) -> Case:
    """Return the case after a step that holds. Raises CommunicationRefused when it cannot follow."""
    after = _effect(case, entry, details, facts)
    return msgspec.structs.replace(after, history=(*case.history, entry))


def _effect(case: Case, entry: Entry, details: StepDetails, facts: Mapping[str, object]) -> Case:
    replace = msgspec.structs.replace
    match details:
        case NoDetails():
            return _delivered(case, entry)
        case Confirmation():
            return _confirmed(case, details)
        case Modification():
            return _modified(case, entry, details, facts)
        case Withdrawal():
            return replace(case, state=CaseState.WITHDRAWN)
        case ReportedArrest():
            _require_allowed(case, StepCode.ARREST_REPORTED, "ARRESTED", "rule 188")
            if details.arrest_date > latest_day(entry.at):
                why = "The arrest is dated after the report of it."
                raise _out_of_order(why, "arrest_date", "rule 188")
            return _resumed(case, CaseState.ISSUED, CaseState.DELIVERED, CaseState.ACKNOWLEDGED)
        case Reply():
            if case.state not in (CaseState.IN_CONSULTATION, CaseState.PRE_CONSULTATION):
                raise _out_of_order("The State is not consulting the Court.", "state", "97")
            return _resumed(case, CaseState.IN_CONSULTATION)
        case Exhaustion():
            ruling = "regulation 108(2)"
            _require_allowed(case, StepCode.CONSULTATIONS_EXHAUSTED, "RULING_SOUGHT_REG_108", ruling)
            if details.consultations_exhausted_on > latest_day(entry.at):
                why = "Consultations cannot be declared exhausted for a later day."
                raise _out_of_order(why, "consultations_exhausted_on", ruling)
            return _resumed(case, CaseState.IN_CONSULTATION)
        case ReceivedAnswer():
            _answer(case, details.answer_sha256)
            return case
        case Supplement():
            if not _answer(case, details.answer_sha256).is_final or case.state is not CaseState.ANSWERED:
                raise _out_of_order("There is no final answer to supplement.", "answer_sha256", _USAGE)
            return replace(case, state=CaseState.IN_PROGRESS)
        case FollowUpRequest():
            if details.request_id == case.request.id:
                raise _out_of_order("A request does not follow itself.", "request_id", _USAGE)
            return case
        case Reminding():
            unknown = {each.clock for each in details.clocks} - clocks_of(case).keys()
            if unknown:
                why = f"The request has no clock {min(unknown)[:40]!a}."
                raise _out_of_order(why, "clocks", _USAGE)
            return case
        case Closing():
            return _closed(case, details)


def _delivered(case: Case, entry: Entry) -> Case:
    if any(each.code == StepCode.DELIVERED for each in case.history):
        raise _out_of_order("The request was delivered before.", "state", _USAGE)
    state = CaseState.DELIVERED if case.state is CaseState.ISSUED else case.state
    return msgspec.structs.replace(case, state=state, delivered_at=case.delivered_at or entry.at)


def _confirmed(case: Case, details: Confirmation) -> Case:
    if case.request.common.get("nature") != "ADVANCE":
        raise _out_of_order("Only an advance copy is confirmed formally.", "nature", _WRITTEN)
    if case.confirmation.status is ConfirmationStatus.CONFIRMED:
        raise _out_of_order("The advance copy was confirmed before.", "formal_confirmation", _WRITTEN)
    confirmation = FormalConfirmation(
        status=ConfirmationStatus.CONFIRMED,
        channel=details.channel,
        reference=details.reference,
        date=details.date,
    )
    return msgspec.structs.replace(case, confirmation=confirmation)


def _modified(case: Case, entry: Entry, details: Modification, facts: Mapping[str, object]) -> Case:
    """Return the case with the changed fields, which must be as good as those of a new request."""
    template = case.template
    common, fields = dict(case.common), dict(case.fields)
    for name, value in details.changes.items():
        field = template.all_fields.get(name)
        if field is None or field.side is not Side.REQUEST or name in _NEVER_MODIFIED:
            why = f"{name[:40]!a} is no field that the Court can modify."
            raise _out_of_order(why, name[:40], "93(3)")
        table = common if name in template.common.fields else fields
        table.pop(name, None)
        if is_present(value):
            table[name] = value
    draft = Draft(template=case.request.template, common=common, fields=fields)
    result = check_draft(draft, Context(today=entry.at.date(), facts=facts))
    wrong = [error for error in result.errors if error.field in details.changes]
    if wrong:
        why = " ".join(f"{each.field}: {each.reason} [{each.basis}]" for each in wrong)
        raise CommunicationRefused(
            "The step has no effect.", refusal=Refusal.INCOMPLETE, why=why, findings=tuple(wrong)
        )
    return msgspec.structs.replace(_resumed(case, CaseState.IN_CONSULTATION), common=common, fields=fields)


def _closed(case: Case, details: Closing) -> Case:
    if not case.is_draft:
        final = details.answer_sha256 is not None and _answer(case, details.answer_sha256).is_final
        if not final or case.state is not CaseState.ANSWERED:
            why = "A request is closed on a final answer, or withdrawn."
            raise _out_of_order(why, "answer_sha256", _USAGE)
    return msgspec.structs.replace(case, state=CaseState.CLOSED)


def _resumed(case: Case, *states: CaseState) -> Case:
    return msgspec.structs.replace(case, state=CaseState.IN_PROGRESS) if case.state in states else case


def _answer(case: Case, sha256: str) -> Entry:
    for entry in case.answers:
        if entry.sha256 == sha256:
            return entry
    raise _out_of_order("The case has no answer of that hash, at that time.", "answer_sha256", _USAGE)


def _require_allowed(case: Case, step: StepCode, code: str, basis: str) -> None:
    if code not in packaged_templates().allowed(case.template):
        why = f"{step} belongs to requests that {code} answers."
        found = (Finding("template", why, basis),)
        raise CommunicationRefused(
            "The step has no effect.", refusal=Refusal.NOT_LAWFUL_HERE, why=why, findings=found
        )


def _out_of_order(why: str, field: str, basis: str) -> CommunicationRefused:
    """Return the refusal of a step that cannot follow: at which field, and by which provision."""
    found = (Finding(field, why, basis),)
    return CommunicationRefused(
        "The step cannot follow.", refusal=Refusal.OUT_OF_ORDER, why=why, findings=found
    )
