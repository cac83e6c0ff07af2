"""What the files of templates say of one another: every name and code that is mentioned exists.

A template is checked alone when it is read, and against the answers and all others by `check_all`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from policies.network.errors import MissingKey, UnknownReference, nearest
from policies.requests.templates.check_table import Check, Offset
from policies.requests.templates.condition import Condition
from policies.requests.templates.field import Field
from policies.requests.templates.outcome import Outcomes
from policies.requests.templates.template import Common, Template


def refer(file: str, key: str, word: str, known: Iterable[str]) -> None:
    """Raise UnknownReference, with the nearest, unless `word` is one of the `known`."""
    known = tuple(known)
    if word not in known:
        raise UnknownReference(
            f"{file} names an unknown '{word}' at {key}.",
            why="Nothing of that name is defined where it must be.",
            remedy=nearest(word, known),
        )


def check_template(template: Template, file: str) -> None:
    """Check all that a template says of its own fields, clocks and facts. Raises UnknownReference."""
    fields, clocks = template.all_fields, template.clocks
    codes = {name: field.codes for name, field in fields.items()}
    for key, condition in template.conditions():
        _check_condition(condition, codes, template.common, file, key)
        for node in condition.walk():
            if node.clock_expired is not None:
                refer(file, key, node.clock_expired, clocks)
    for name, field in template.fields.items():
        _check_field(field, fields, file, f"fields.{name}")
    for rule in template.rules:
        refer(file, f"rules.{rule.id}.field", rule.field, fields)
    for name, clock in clocks.items():
        if clock.starts_field is not None:
            refer(file, f"clocks.{name}.starts_field", clock.starts_field, fields)
    for code in template.legal_basis_any:
        refer(file, "legal_basis_any", code, fields["legal_basis"].codes)


def check_all(templates: tuple[Template, ...], common: Common, outcomes: Outcomes) -> None:
    """Check what templates say of answers and of one another. Raises UnknownReference or MissingKey."""
    ids = [template.id for template in templates]
    for template in templates:
        check_outcomes(template, outcomes, f"{template.id}.toml")
        for follow_up in template.follow_ups:
            if follow_up.template is not None:
                refer(f"{template.id}.toml", "follow_ups", follow_up.template, ids)
    _check_common(templates, ids, common)
    for code in common.stopped_by:
        refer("common.toml", "stopped_by", code, outcomes.catalogue)
    for name, clock in common.clocks.items():
        for code in (*clock.starts_outcome, *clock.met_by, *clock.stopped_by):
            refer("common.toml", f"clocks.{name}", code, outcomes.catalogue)
        if clock.starts_field is not None:
            refer("common.toml", f"clocks.{name}.starts_field", clock.starts_field, outcomes.details)


def check_outcomes(template: Template, outcomes: Outcomes, file: str) -> None:
    """Check that every outcome which a template speaks of exists. Raises UnknownReference or MissingKey."""
    for name in template.outcome_sets:
        refer(file, "outcome_sets", name, outcomes.sets)
    for key in ("outcomes_added", "outcomes_removed"):
        for code in getattr(template, key):
            refer(file, key, code, outcomes.catalogue)
    allowed = allowed_codes(template, outcomes)
    for rule in template.outcome_rules:
        for code in rule.outcomes:
            refer(file, "outcome_rules.outcomes", code, allowed)
        for check in rule.check:
            for name in (check.detail, *_dates_of(check)):
                refer(file, f"outcome_rules.{rule.outcomes[0]}.check", name, outcomes.details)
    for name, clock in template.clocks.items():
        for code in (*clock.starts_outcome, *clock.met_by, *clock.stopped_by):
            refer(file, f"clocks.{name}", code, allowed)
    for key, condition in template.conditions():
        for node in condition.walk():
            for code in (*(node.outcome or ()), *(node.prior_outcome or ())):
                refer(file, key, code, allowed)
    if not allowed:
        raise MissingKey(
            f"{file} allows no answer.", why="A request must have answers.", remedy="Name an outcome set."
        )


def allowed_codes(template: Template, outcomes: Outcomes) -> tuple[str, ...]:
    """Return the codes that answer a request of this template, in the catalogue's order."""
    codes = {code for name in template.outcome_sets for code in outcomes.sets[name]}
    codes = (codes - set(template.outcomes_removed)) | set(template.outcomes_added)
    codes |= {code for code, outcome in outcomes.catalogue.items() if outcome.in_every_set}
    return tuple(code for code in outcomes.catalogue if code in codes)


def _check_common(templates: tuple[Template, ...], ids: list[str], common: Common) -> None:
    """Check the block of every request: its conditions may speak of fields that one template has."""
    codes: dict[str, dict[str, object]] = {}
    for template in templates:
        for name, field in template.all_fields.items():
            codes.setdefault(name, {}).update(field.codes)
    conditions = [("common_rules.toml", f"rules.{rule.id}", rule.violated_when) for rule in common.rules]
    for name, field in common.fields.items():
        conditions += [("common.toml", f"fields.{name}", each) for each in field.conditions()]
        _check_field(field, common.fields, "common.toml", f"fields.{name}")
        for template_id in (*field.hidden_in, *field.default_for):
            refer("common.toml", f"fields.{name}", template_id, ids)
    for file, key, condition in conditions:
        _check_condition(condition, codes, common, file, key)
        for node in condition.walk():
            for template_id in node.template or ():
                refer(file, key, template_id, ids)
    for rule in common.rules:
        refer("common_rules.toml", f"rules.{rule.id}.field", rule.field, common.fields)


def _check_condition(
    condition: Condition, codes: Mapping[str, Mapping[str, object]], common: Common, file: str, key: str
) -> None:
    for name in condition.field_names():
        refer(file, key, name.partition(".")[0], codes)
    for node in condition.walk():
        if node.context is not None:
            refer(file, key, node.context, common.facts)
        if node.field is not None and codes.get(node.field):
            for value in (node.is_, node.has, *(node.in_ or ()), *(node.has_any or ())):
                if isinstance(value, str):
                    refer(file, key, value, codes[node.field])


def _check_field(field: Field, fields: Mapping[str, Field], file: str, key: str) -> None:
    for check in field.check:
        for name in _dates_of(check):
            refer(file, f"{key}.check", name, fields)
    if field.formula is not None:
        refer(file, f"{key}.formula", field.formula.field, fields)
    for value in (field.default, *field.default_for.values()):
        if isinstance(value, str) and field.codes:
            refer(file, f"{key}.default", value, field.codes)


def _dates_of(check: Check) -> Iterator[str]:
    """Yield the names of dates that a check compares with."""
    for other in (check.date_after, check.date_not_after, check.date_not_before):
        if isinstance(other, Offset):
            yield other.field
        elif other not in (None, "today"):
            yield str(other)
