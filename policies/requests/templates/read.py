"""Reads the files of templates, and checks what they say of one another."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources.abc import Traversable

from policies.network.errors import MissingKey, UnknownReference, WrongValue, nearest
from policies.network.typed_toml import read_toml
from policies.requests.templates.outcome import OutcomeDetails, Outcomes
from policies.requests.templates.template import Common, CommonRules, Template


def read_common(folder: Traversable) -> Common:
    """Read the block of every request. Raises NetworkPolicyError, with file, key and the nearest key."""
    rules = read_toml(folder.joinpath("common_rules.toml"), CommonRules).rules
    return read_toml(folder.joinpath("common.toml"), Common, rules=rules)


def read_outcomes(folder: Traversable) -> Outcomes:
    """Read the lawful answers. Raises NetworkPolicyError."""
    file = folder.joinpath("outcomes.toml")
    details = read_toml(folder.joinpath("outcome_details.toml"), OutcomeDetails).details
    outcomes = read_toml(file, Outcomes, details=details)
    for code, outcome in outcomes.catalogue.items():
        for detail in outcome.carries:
            refer(file.name, f"catalogue.{code}.carries", detail, outcomes.details)
    for name, codes in outcomes.sets.items():
        for code in codes:
            refer(file.name, f"sets.{name}", code, outcomes.catalogue)
    return outcomes


def read_template(file: Traversable, common: Common) -> Template:
    """Read a template. Raises NetworkPolicyError.

    Checked is that each name which a condition, rule or clock speaks of exists in the template or in the
    common block. That its outcomes exist, `check_outcomes` says.
    """
    template = read_toml(file, Template, common=common)
    if not file.name.startswith(template.id):
        raise WrongValue(
            f"{file.name} says that it is {template.id}.",
            why="A template's file bears its id.",
            remedy="Rename the file, or correct the id.",
        )
    both = template.fields.keys() & common.fields.keys()
    if both:
        raise WrongValue(
            f"{file.name} has the field {min(both)}, which is common to all.",
            why="Common fields and those of a template share one namespace.",
            remedy="Give it another name.",
        )
    _check_names(template, file.name)
    return template


def refer(file: str, key: str, word: str, known: Iterable[str]) -> None:
    """Raise UnknownReference, with the nearest, unless `word` is one of the `known`."""
    known = tuple(known)
    if word not in known:
        raise UnknownReference(
            f"{file} names an unknown '{word}' at {key}.",
            why="Nothing of that name is defined where it must be.",
            remedy=nearest(word, known),
        )


def _check_names(template: Template, file: str) -> None:
    fields, clocks = template.all_fields, template.clocks
    for key, condition in template.conditions():
        for name in condition.field_names():
            refer(file, key, name.partition(".")[0], fields)
        for node in condition.walk():
            if node.clock_expired is not None:
                refer(file, key, node.clock_expired, clocks)
            if node.context is not None:
                refer(file, key, node.context, template.common.facts)
    for rule in template.rules:
        refer(file, f"rules.{rule.id}.field", rule.field, fields)
    for name, clock in clocks.items():
        if clock.starts_field is not None:
            refer(file, f"clocks.{name}.starts_field", clock.starts_field, fields)
    for code in template.legal_basis_any:
        refer(file, "legal_basis_any", code, fields["legal_basis"].codes)


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
            refer(file, f"outcome_rules.{rule.outcomes[0]}.check", check.detail, outcomes.details)
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
