"""The check of a whole draft, as a lawyer would: what is missing or wrong, by article, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.network.titles import Title
from policies.requests.cards.findings import card_findings
from policies.requests.check.code_checks import nearest_code
from policies.requests.check.context import Context, known_facts
from policies.requests.check.field_check import FieldCheck
from policies.requests.check.finding import CheckResult, Found, result_of
from policies.requests.check.reasons import Reasons, clipped, load_reasons, say
from policies.requests.draft import Draft
from policies.requests.errors import DraftInvalid, TemplateUnknown
from policies.requests.templates.basis import NETWORK_DEFAULT, cited
from policies.requests.templates.evaluate import Scope, holds, is_present
from policies.requests.templates.registry import Templates, packaged_templates
from policies.requests.templates.template import Template


def check_draft(
    draft: Draft, context: Context, *, language: str = "en", templates: Templates | None = None
) -> CheckResult:
    """Check a draft against its template, in the template's order: common fields, its own, then the rules.

    At the end stands what the country card of the requested State says against it, where the context has one.

    The reasons are in `language`, en or fr. A request whose nature is CONSULTATION_DRAFT may be incomplete:
    what is missing is then a warning (articles 91(4), 96(3)). Raises NetworkPolicyError when the policy's own
    data is not right.
    """
    reasons, templates = load_reasons(), templates or packaged_templates()
    try:
        template = templates.find(draft.template)
    except TemplateUnknown:
        return result_of([_unknown_template(draft.template, templates, reasons)], language)
    values = draft.common | draft.fields
    facts = known_facts(template.id, values, context)
    scope = Scope(template=template.id, values=values, facts=facts)
    one = FieldCheck(template=template, scope=scope, context=context, reasons=reasons)
    found = [
        each
        for name, field in template.all_fields.items()
        if name not in _OUTSIDE_DRAFT or name in values
        for each in one.of(name, field)
    ]
    found += _legal_basis(one)
    found += _rules(template, scope, reasons)
    if (card := context.card_of(values)) is not None:
        found += card_findings(card, scope, context.today, reasons)
    found += _names(draft, template, reasons)
    return result_of(found, language)


def require_clean(draft: Draft, context: Context) -> CheckResult:
    """Check a draft and return its warnings. Raises DraftInvalid, naming every error."""
    result = check_draft(draft, context)
    if not result.ok:
        raise DraftInvalid(
            "The draft cannot become a request.",
            why=" ".join(f"{each.field}: {each.reason} [{each.basis}]" for each in result.errors),
            remedy="Correct the draft; `rogatory request check` shows the list.",
        )
    return result


_OUTSIDE_DRAFT = frozenset({"template"})
"""Common fields that a draft has elsewhere."""


def _legal_basis(one: FieldCheck) -> Iterator[Found]:
    """Yield that the template's own provision is not among the legal bases."""
    codes, given = one.template.legal_basis_any, one.scope.values.get("legal_basis")
    named = given if isinstance(given, list) else [given]
    if codes and is_present(given) and not set(codes) & {each for each in named if isinstance(each, str)}:
        basis = one.basis_of(one.template.common.fields["legal_basis"])
        reason = say(one.reasons.legal_basis, codes=", ".join(codes))
        yield Found(field="legal_basis", reason=reason, basis=basis)


def _rules(template: Template, scope: Scope, reasons: Reasons) -> Iterator[Found]:
    for rule in template.all_rules:
        if holds(rule.violated_when, scope):
            reason = say(reasons.uncertain, reason=rule.message) if rule.uncertain else rule.message
            basis = cited(rule.basis, rule.basis_kind)
            yield Found(field=rule.field, reason=reason, basis=basis, severity=rule.severity)


def _names(draft: Draft, template: Template, reasons: Reasons) -> Iterator[Found]:
    """Yield every name that is no field, or stands in the wrong table."""
    tables: tuple[tuple[str, Mapping[str, object], Mapping[str, object], str], ...] = (
        ("common", draft.common, template.common.fields, "fields"),
        ("fields", draft.fields, template.fields, "common"),
    )
    for _, given, known, other in tables:
        for name in given:
            if name in known:
                continue
            if name in template.all_fields:
                yield _wrong(name, say(reasons.wrong_table, name=name, table=other))
            else:
                near = nearest_code(name, known)
                sentence = reasons.unknown_field
                yield _wrong(name, say(sentence, name=clipped(name), template=template.id, nearest=near))


def _unknown_template(name: str, templates: Templates, reasons: Reasons) -> Found:
    near = nearest_code(
        name, [templates.current(template_id).name for template_id in _likely(name, templates)]
    )
    return _wrong("template", say(reasons.unknown_template, name=clipped(name), nearest=near))


def _likely(name: str, templates: Templates) -> tuple[str, ...]:
    template_id = name.partition("@")[0]
    return (template_id,) if template_id in templates.ids else (nearest_code(template_id, templates.ids),)


def _wrong(field: str, reason: Title) -> Found:
    return Found(field=field, reason=reason, basis=NETWORK_DEFAULT)
