"""A template: everything that is known of one kind of request before one is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from policies.network.titles import Title
from policies.requests.templates.clock import Clock
from policies.requests.templates.condition import Condition
from policies.requests.templates.field import Field
from policies.requests.templates.kinds import BasisKind, Confidentiality, Priority, Severity
from policies.requests.templates.outcome import OutcomeRule

TemplateId = Annotated[str, msgspec.Meta(pattern="^(T(0[1-9]|1[0-9])|X[12])$")]
"""T01 to T19 follow the report and article 93(1); X1 and X2 are this network's additions."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must not be, across fields. It is shown at `field`."""

    id: str
    violated_when: Condition
    severity: Severity
    field: str
    message: Title
    basis: str | None = None
    basis_kind: BasisKind
    uncertain: bool = False

    def __post_init__(self) -> None:
        if self.basis_kind is not BasisKind.NETWORK and self.basis is None:
            raise ValueError(f"the rule {self.id} must say its basis")


class ConfidentialityWhen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another default level while a condition holds; the first of a list counts."""

    when: Condition
    value: Confidentiality


class FollowUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What often comes after: another template, or a step."""

    title: Title
    template: TemplateId | None = None


class CommonRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file `common_rules.toml`: what must not be, in any request."""

    rules: tuple[Rule, ...]


class Common(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The block that every request has: `common.toml`, with the rules of `common_rules.toml`.

    `stopped_by` are the answers during which the clocks of the network stand still. `clocks` belong to every
    template whose outcomes start them. `facts` are what conditions may ask about outside the request, in
    words.
    """

    stopped_by: tuple[str, ...]
    facts: dict[str, Title]
    rules: tuple[Rule, ...]
    clocks: dict[str, Clock]
    fields: dict[str, Field]


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One template, as its file has it.

    `legal_basis_any`: at least one of these must be among the request's legal bases. `priorities`: those of
    cooperation, the first is the usual one. `outcome_sets`, `outcomes_added` and `outcomes_removed` say which
    answers the State has; `outcome_rules` when. `common` is the block of the same release.
    """

    id: TemplateId
    version: Annotated[str, msgspec.Meta(pattern="^[0-9]+\\.[0-9]+$")]
    title: Title
    purpose: Title
    legal_basis: str
    legal_basis_any: tuple[str, ...] = ()
    priorities: tuple[Priority, ...]
    default_confidentiality: Confidentiality
    confidentiality_by: tuple[ConfidentialityWhen, ...] = ()
    notes: Title | None = None
    outcome_sets: tuple[str, ...] = ()
    outcomes_added: tuple[str, ...] = ()
    outcomes_removed: tuple[str, ...] = ()
    outcome_rules: tuple[OutcomeRule, ...] = ()
    clocks: dict[str, Clock] = {}
    follow_ups: tuple[FollowUp, ...] = ()
    rules: tuple[Rule, ...] = ()
    fields: dict[str, Field]
    common: Common

    @property
    def name(self) -> str:
        """The template with its version, as T13@1.0."""
        return f"{self.id}@{self.version}"

    @property
    def all_fields(self) -> dict[str, Field]:
        """The common fields, then its own: the order in which a request is written and read."""
        return self.common.fields | self.fields

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """The rules of every request, then its own."""
        return self.common.rules + self.rules

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """Yield every condition of its own, with the key of the place where it stands."""
        for name, field in self.fields.items():
            yield from ((f"fields.{name}", each) for each in field.conditions())
        yield from ((f"rules.{rule.id}", rule.violated_when) for rule in self.rules)
        yield from (
            (f"outcome_rules.{rule.outcomes[0]}", rule.when) for rule in self.outcome_rules if rule.when
        )
        yield from ((f"clocks.{name}", clock.when) for name, clock in self.clocks.items() if clock.when)
        yield from (("confidentiality_by", each.when) for each in self.confidentiality_by)
