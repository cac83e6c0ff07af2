"""The lawful answers: the catalogue with what each must carry, and the sets that templates draw on."""

from __future__ import annotations

import msgspec

from policies.network.titles import Title
from policies.requests.templates.check_table import Check
from policies.requests.templates.condition import Condition
from policies.requests.templates.kinds import OutcomeKind


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer; its code is its key. `carries` are the details that it cannot do without.

    `basis` is None for those of the network. It may be given only `when` that holds. `in_every_set`: each
    template allows it. `counted_apart`: statistics never add it to the others.
    """

    kind: OutcomeKind
    title: Title
    carries: tuple[str, ...] = ()
    basis: str | None = None
    when: Condition | None = None
    note: Title | None = None
    in_every_set: bool = False
    counted_apart: bool = False
    uncertain: bool = False


class OutcomeCheck(Check, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A check of one detail of an answer."""

    detail: str


class OutcomeRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one template adds to some outcomes: when they may be given there, and checks of their details.

    `note` is the reason that is given when they may not.
    """

    outcomes: tuple[str, ...]
    when: Condition | None = None
    basis: str | None = None
    note: Title | None = None
    check: tuple[OutcomeCheck, ...] = ()
    uncertain: bool = False


class OutcomeDetails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file `outcome_details.toml`: what answers carry, in words."""

    details: dict[str, Title]


class Outcomes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file `outcomes.toml`, with the words of `outcome_details.toml`."""

    sets: dict[str, tuple[str, ...]]
    details: dict[str, Title]
    catalogue: dict[str, Outcome]
