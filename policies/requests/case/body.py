"""The text of an answer and of a step that people read: complete, plain, and the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.requests.body import field_lines
from policies.requests.case.answer import SignedAnswer
from policies.requests.case.step import CourtStep, StepCode
from policies.requests.court_request import CourtRequest
from policies.requests.labels import UNNAMED, FieldWords, organ_words, request_words, spoken
from policies.requests.templates.registry import packaged_templates
from policies.trust.times import format_time

_LAST_LINE = "The signature covers every word of this text, and holds in this room only."
_INFORMAL = "INFORMAL: without prejudice to the formal channels."

_STEPS = {
    StepCode.DELIVERED: "The request is delivered",
    StepCode.FORMALLY_CONFIRMED: "The advance copy is formally confirmed",
    StepCode.MODIFIED_BY_COURT: "The request is modified",
    StepCode.WITHDRAWN_BY_COURT: "The request is withdrawn",
    StepCode.ARREST_REPORTED: "An arrest is reported",
    StepCode.CONSULTATION_ANSWERED: "The Court replies to the consultation",
    StepCode.CONSULTATIONS_EXHAUSTED: "Consultations are exhausted",
    StepCode.ANSWER_RECEIVED: "The answer is received",
    StepCode.SUPPLEMENT_ASKED: "The answer does not suffice; more is asked",
    StepCode.FOLLOW_UP: "Another request continues this one",
    StepCode.REMINDER: "Reminder of time limits",
    StepCode.CLOSED: "The request is closed",
}


def readable_answer(answer: SignedAnswer, request: CourtRequest) -> str:
    """Return an answer to `request` as plain text in English, every detail with its value."""
    known = _detail_words(request.template)
    catalogue = packaged_templates().outcomes.catalogue
    outcome = catalogue[answer.outcome].title.en if answer.outcome in catalogue else "Unknown outcome"
    lines = [
        f"ANSWER TO REQUEST {answer.request_id}",
        *([_INFORMAL] if request.common.get("nature") == "INFORMAL" else ()),
        f"Outcome: {outcome} ({answer.outcome})",
        f"Answered: {format_time(answer.answered_at)}",
        f"Answerer: {answer.answerer}",
        f"Next date: {answer.next_date.isoformat() if answer.next_date else 'not given'}",
        "",
        "DETAILS",
        *_details(answer.details, known),
        "",
        "ATTACHMENTS",
        *(f"{each.name}: {each.size} bytes, SHA-256 {each.sha256}" for each in answer.attachments),
        *(() if answer.attachments else ("none",)),
        "",
        _LAST_LINE,
    ]
    return "\n".join(lines)


def readable_step(step: CourtStep) -> str:
    """Return a step of the Court as plain text in English."""
    lines = [
        f"STEP OF THE INTERNATIONAL CRIMINAL COURT ON REQUEST {step.request_id}",
        f"{_STEPS[step.step]} ({step.step})",
        f"Organ: {organ_words(step.organ)}",
        f"Taken: {format_time(step.occurred_at)}",
        *(_details(step.details, {}) if step.details else ()),
        "",
        _LAST_LINE,
    ]
    return "\n".join(lines)


def _details(details: Mapping[str, object], known: Mapping[str, FieldWords]) -> Iterator[str]:
    for name in sorted(details):
        words = known.get(name, UNNAMED)
        yield from field_lines(words.label or " ".join(spoken(name).split()), details[name], words)
    if not details:
        yield "none"


def _detail_words(template: str) -> dict[str, FieldWords]:
    labels = packaged_templates().outcomes.details
    words = {name: FieldWords(label=title.en, codes={}) for name, title in labels.items()}
    return words | request_words(template).fields
