"""The text of an answer and of a step that people read: complete, plain, and the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.network.titles import Title
from policies.requests.body import COLON, LAST_LINE, NONE, NOT_GIVEN, field_lines, language_of
from policies.requests.case.answer import SignedAnswer
from policies.requests.case.step import CourtStep, StepCode
from policies.requests.court_request import CourtRequest
from policies.requests.labels import FieldWords, organ_words, request_words, spoken, unnamed
from policies.requests.templates.registry import packaged_templates
from policies.trust.times import format_time

_INFORMAL = Title(
    en="INFORMAL: without prejudice to the formal channels.",
    fr="INFORMEL : sans préjudice des voies officielles.",
)
_ANSWER = Title(en="ANSWER TO REQUEST", fr="RÉPONSE À LA DEMANDE")
_OUTCOME, _UNKNOWN = Title(en="Outcome", fr="Issue"), Title(en="Unknown outcome", fr="Issue inconnue")
_ANSWERED, _ANSWERER = Title(en="Answered", fr="Répondu"), Title(en="Answerer", fr="Auteur de la réponse")
_NEXT_DATE = Title(en="Next date", fr="Prochaine échéance")
_DETAILS, _ATTACHMENTS = Title(en="DETAILS", fr="DÉTAILS"), Title(en="ATTACHMENTS", fr="PIÈCES JOINTES")
_FILE = Title(en="{0}: {1} bytes, SHA-256 {2}", fr="{0}\u00a0: {1} octets, SHA-256 {2}")
_STEP = Title(
    en="STEP OF THE INTERNATIONAL CRIMINAL COURT ON REQUEST",
    fr="ACTE DE LA COUR PÉNALE INTERNATIONALE SUR LA DEMANDE",
)
_ORGAN, _TAKEN = Title(en="Organ", fr="Organe"), Title(en="Taken", fr="Accompli")

_STEPS = {
    StepCode.DELIVERED: Title(en="The request is delivered", fr="La demande est remise"),
    StepCode.FORMALLY_CONFIRMED: Title(
        en="The advance copy is formally confirmed", fr="La copie anticipée est confirmée officiellement"
    ),
    StepCode.MODIFIED_BY_COURT: Title(en="The request is modified", fr="La demande est modifiée"),
    StepCode.WITHDRAWN_BY_COURT: Title(en="The request is withdrawn", fr="La demande est retirée"),
    StepCode.ARREST_REPORTED: Title(en="An arrest is reported", fr="Une arrestation est signalée"),
    StepCode.CONSULTATION_ANSWERED: Title(
        en="The Court replies to the consultation", fr="La Cour répond à la consultation"
    ),
    StepCode.CONSULTATIONS_EXHAUSTED: Title(
        en="Consultations are exhausted", fr="Les consultations sont épuisées"
    ),
    StepCode.ANSWER_RECEIVED: Title(en="The answer is received", fr="La réponse est reçue"),
    StepCode.SUPPLEMENT_ASKED: Title(
        en="The answer does not suffice; more is asked",
        fr="La réponse ne suffit pas ; un complément est demandé",
    ),
    StepCode.FOLLOW_UP: Title(
        en="Another request continues this one", fr="Une autre demande fait suite à celle-ci"
    ),
    StepCode.REMINDER: Title(en="Reminder of time limits", fr="Rappel des délais"),
    StepCode.CLOSED: Title(en="The request is closed", fr="La demande est close"),
}


def readable_answer(answer: SignedAnswer, request: CourtRequest) -> str:
    """Return an answer to `request` as plain text in the request's language, every detail with its value."""
    language = language_of(request)
    known = _detail_words(request.template, language)
    catalogue = packaged_templates().outcomes.catalogue
    outcome = (catalogue[answer.outcome].title if answer.outcome in catalogue else _UNKNOWN).said(language)
    next_date = answer.next_date.isoformat() if answer.next_date else NOT_GIVEN.said(language)
    attached = [_FILE.said(language).format(each.name, each.size, each.sha256) for each in answer.attachments]
    lines = [
        f"{_ANSWER.said(language)} {answer.request_id}",
        *([_INFORMAL.said(language)] if request.common.get("nature") == "INFORMAL" else ()),
        _line(_OUTCOME, f"{outcome} ({answer.outcome})", language),
        _line(_ANSWERED, format_time(answer.answered_at), language),
        _line(_ANSWERER, answer.answerer, language),
        _line(_NEXT_DATE, next_date, language),
        "",
        _DETAILS.said(language),
        *_details(answer.details, known, language),
        "",
        _ATTACHMENTS.said(language),
        *(attached or [NONE.said(language)]),
        "",
        LAST_LINE.said(language),
    ]
    return "\n".join(lines)


def readable_step(step: CourtStep, request: CourtRequest) -> str:
    """Return a step of the Court in the case of `request` as plain text in the request's language."""
    language = language_of(request)
    lines = [
        f"{_STEP.said(language)} {step.request_id}",
        f"{_STEPS[step.step].said(language)} ({step.step})",
        _line(_ORGAN, organ_words(step.organ, language), language),
        _line(_TAKEN, format_time(step.occurred_at), language),
        *(_details(step.details, {}, language) if step.details else ()),
        "",
        LAST_LINE.said(language),
    ]
    return "\n".join(lines)


def _line(label: Title, value: str, language: str) -> str:
    return f"{label.said(language)}{COLON.said(language)} {value}"


def _details(details: Mapping[str, object], known: Mapping[str, FieldWords], language: str) -> Iterator[str]:
    for name in sorted(details):
        words = known.get(name, unnamed(language))
        yield from field_lines(words.label or " ".join(spoken(name).split()), details[name], words)
    if not details:
        yield NONE.said(language)


def _detail_words(template: str, language: str) -> dict[str, FieldWords]:
    labels = packaged_templates().outcomes.details
    words = {
        name: FieldWords(label=title.said(language), codes={}, language=language)
        for name, title in labels.items()
    }
    return words | request_words(template, language).fields
