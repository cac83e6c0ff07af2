"""Reads the files of templates."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from policies.network.errors import WrongValue
from policies.requests.templates.outcome import OutcomeDetails, Outcomes
from policies.requests.templates.references import check_template, refer
from policies.requests.templates.template import Common, CommonRules, Template
from policies.typed_toml import read_toml


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

    Every name and code that it speaks of exists in it or in the common block; `check_all` sees to answers.
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
    check_template(template, file.name)
    return template
