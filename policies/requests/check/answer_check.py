"""The check of an answer: is it one of the lawful answers to this request, and does it carry what it must?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from policies.network.titles import Title
from policies.requests.check.code_checks import nearest_code
from policies.requests.check.context import Context, known_facts
from policies.requests.check.field_check import FieldCheck
from policies.requests.check.finding import CheckResult, Found, result_of
from policies.requests.check.reasons import Reasons, clipped, load_reasons, say
from policies.requests.check.situation import Situation
from policies.requests.check.values import problems_of
from policies.requests.templates.basis import NETWORK_DEFAULT, cited
from policies.requests.templates.evaluate import Scope, holds, is_present
from policies.requests.templates.kinds import BasisKind, Side
from policies.requests.templates.outcome import Outcome
from policies.requests.templates.registry import Templates, packaged_templates
from policies.requests.templates.template import Template

_NO_NOTE = Title(en="", fr="")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer about to be given: its outcome, and its details under the names that `carries` has."""

    outcome: str
    details: Mapping[str, object]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened to the request before: codes of earlier answers, clocks that have run out."""

    outcomes: frozenset[str] = frozenset()
    expired_clocks: frozenset[str] = frozenset()


def check_answer(
    template_name: str,
    request: Mapping[str, object],
    answer: Answer,
    history: History,
    context: Context,
    *,
    language: str = "en",
    templates: Templates | None = None,
) -> CheckResult:
    """Check an answer to a request of `template_name` (as T13@1.0) whose common and own fields are `request`.

    Reasons are in `language`, en or fr. Raises TemplateUnknown for a template that is not here.
    """
    templates, reasons = templates or packaged_templates(), load_reasons()
    template = templates.find(template_name)
    allowed = templates.allowed(template)
    if answer.outcome not in allowed:
        near = nearest_code(answer.outcome, allowed)
        reason = say(
            reasons.outcome_unknown, value=clipped(answer.outcome), template=template.id, nearest=near
        )
        return result_of([Found(field="outcome", reason=reason, basis=NETWORK_DEFAULT)], language)
    scope = Scope(
        template=template.id,
        values={**request, **answer.details},
        facts=known_facts(template.id, request, context),
        outcome=answer.outcome,
        prior_outcomes=history.outcomes,
        expired_clocks=history.expired_clocks,
    )
    asked = msgspec.structs.replace(scope, values=request)
    checked = _AnswerCheck(
        template=template, outcome=allowed[answer.outcome], answer=answer, reasons=reasons, asked=asked,
        details=templates.outcomes.details, one=FieldCheck(
            template=template, scope=scope, context=context, reasons=reasons
        ),
    )  # fmt: skip
    return result_of(list(checked.found()), language)


class _AnswerCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one check: `asked` is the request alone, `one` sees the answer's details too."""

    template: Template
    outcome: Outcome
    answer: Answer
    reasons: Reasons
    asked: Scope
    details: Mapping[str, Title]
    one: FieldCheck

    def found(self) -> Iterator[Found]:
        yield from self._not_here()
        yield from self._carried()
        yield from self._fields()

    def _not_here(self) -> Iterator[Found]:
        """Yield why this outcome cannot answer this request, though its template allows it."""
        if self.outcome.when is not None and not holds(self.outcome.when, self.asked):
            yield self._refusal(self.outcome.note, self._basis)
        for rule in self.template.outcome_rules:
            if self.answer.outcome not in rule.outcomes:
                continue
            if rule.when is not None and not holds(rule.when, self.asked):
                yield self._refusal(rule.note, _cited(rule.basis) if rule.basis else self._basis)
            for check in rule.check:
                value = self.answer.details.get(check.detail)
                at = Situation(
                    label=self.details[check.detail], field=None, scope=self.one.scope,
                    today=self.one.context.today, reasons=self.reasons,
                )  # fmt: skip
                for severity, reason, _ in problems_of(value, (check,), at) if is_present(value) else ():
                    basis = _cited(rule.basis) if rule.basis else self._basis
                    yield Found(field=check.detail, reason=reason, basis=basis, severity=severity)

    def _carried(self) -> Iterator[Found]:
        """Yield what the answer must carry and does not."""
        for name in self.outcome.carries:
            if not is_present(self.answer.details.get(name)):
                reason = say(self.reasons.detail_missing, label=self.details[name])
                yield Found(field=name, reason=reason, basis=self._basis)

    def _fields(self) -> Iterator[Found]:
        """Yield what is wrong with the template's fields that the State or the Court gives with an answer."""
        for name, field in self.template.fields.items():
            if field.side not in (Side.STATE, Side.COURT):
                continue
            value = self.answer.details.get(name)
            if is_present(value):
                yield from self.one.values(name, field, value)
            elif name not in self.outcome.carries and self.one.is_demanded(field):
                yield self.one.missing(name, field)

    def _refusal(self, note: Title | None, basis: Title) -> Found:
        reason = say(self.reasons.outcome_not_here, label=self.outcome.title, note=note or _NO_NOTE)
        return Found(field="outcome", reason=reason, basis=basis)

    @property
    def _basis(self) -> Title:
        return _cited(self.outcome.basis) if self.outcome.basis else NETWORK_DEFAULT


def _cited(basis: str) -> Title:
    return cited(basis, BasisKind.STATUTE)
