"""The check of one field: must it be given, may it be, and is what is given right?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from policies.network.titles import Title
from policies.requests.check.context import Context
from policies.requests.check.finding import Found
from policies.requests.check.reasons import Reasons, say
from policies.requests.check.situation import Situation
from policies.requests.check.values import problems_of
from policies.requests.templates.basis import NETWORK_DEFAULT, cited
from policies.requests.templates.condition import ALWAYS, Condition
from policies.requests.templates.evaluate import Scope, holds, is_present
from policies.requests.templates.field import BasisWhen, Field
from policies.requests.templates.kinds import Need, Severity, Side
from policies.requests.templates.specialise import specialise
from policies.requests.templates.template import Template
from policies.requests.templates.words import in_words


class FieldCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What the check of every field of one draft has in common."""

    template: Template
    scope: Scope
    context: Context
    reasons: Reasons

    def of(self, name: str, field: Field) -> Iterator[Found]:
        """Yield what is wrong with a field, given or not."""
        value = self.scope.values.get(name)
        if not is_present(value):
            yield from self._absent(name, field)
            return
        if field.side is not Side.REQUEST:
            yield self._not_the_drafters(name, field)
        if field.forbidden_when is not None and holds(field.forbidden_when, self.scope):
            yield self._forbidden(name, field, field.forbidden_when)
            return
        yield from self.values(name, field, value)

    def values(self, name: str, field: Field, value: object) -> Iterator[Found]:
        """Yield what is wrong with a value that is given."""
        at = Situation(
            label=field.label, field=field, scope=self.scope, today=self.context.today, reasons=self.reasons
        )
        for severity, reason, check in problems_of(value, field.check, at):
            basis = self.basis_of(field)
            if check is not None and check.basis is not None:
                basis = cited(check.basis, field.basis_kind)
            yield Found(field=name, reason=reason, basis=basis, severity=severity)

    def is_demanded(self, field: Field) -> bool:
        """Tell whether the field must be given, by this request and on this side."""
        if field.required is Need.REQUIRED:
            return True
        return field.when is not None and holds(field.when, self.scope)

    def missing(self, name: str, field: Field) -> Found:
        """Return that a field is missing, and when it is required unless that is always."""
        reason = say(self.reasons.missing, label=field.label)
        if field.when is not None and (when := specialise(field.when, self.template.id)) != ALWAYS:
            condition = in_words(when, self.template.common.facts)
            reason = say(self.reasons.missing_when, label=field.label, condition=condition)
        return Found(field=name, reason=self._with_doubt(reason, field), basis=self.basis_of(field))

    def basis_of(self, field: Field) -> Title:
        """Return what the field rests on, for this request."""
        for each in field.basis_by:
            if holds(each.when, self.scope):
                return cited(each.basis, each.basis_kind or field.basis_kind)
        return cited(field.basis, field.basis_kind)

    def _absent(self, name: str, field: Field) -> Iterator[Found]:
        if field.side is not Side.REQUEST:
            return
        if self.is_demanded(field):
            missing = self.missing(name, field)
            draft = self.scope.values.get("nature") == "CONSULTATION_DRAFT"  # may be incomplete: 91(4), 96(3)
            yield msgspec.structs.replace(missing, severity=Severity.WARNING if draft else Severity.ERROR)
        elif field.recommended_when is not None and holds(field.recommended_when, self.scope):
            reason = self._with_doubt(say(self.reasons.recommended, label=field.label), field)
            yield Found(field=name, reason=reason, basis=self.basis_of(field), severity=Severity.WARNING)

    def _forbidden(self, name: str, field: Field, forbidden_when: Condition) -> Found:
        reason = say(self.reasons.forbidden, label=field.label, template=self.template.id)
        if (when := specialise(forbidden_when, self.template.id)) != ALWAYS:
            condition = in_words(when, self.template.common.facts)
            reason = say(self.reasons.forbidden_when, label=field.label, condition=condition)
        return Found(field=name, reason=reason, basis=self._first(field.forbidden_basis, field))

    def _first(self, bases: tuple[BasisWhen, ...], field: Field) -> Title:
        for each in bases:
            if holds(each.when, self.scope):
                return cited(each.basis, each.basis_kind or field.basis_kind)
        return self.basis_of(field)

    def _not_the_drafters(self, name: str, field: Field) -> Found:
        sentence, severity = {
            Side.STATE: (self.reasons.given_by_state, Severity.WARNING),
            Side.COURT: (self.reasons.given_by_court, Severity.WARNING),
            Side.COMPUTED: (self.reasons.computed, Severity.WARNING),
        }.get(field.side, (self.reasons.given_by_network, Severity.ERROR))
        reason = say(sentence, label=field.label)
        return Found(field=name, reason=reason, basis=NETWORK_DEFAULT, severity=severity)

    def _with_doubt(self, reason: Title, field: Field) -> Title:
        return say(self.reasons.uncertain, reason=reason) if field.uncertain else reason
