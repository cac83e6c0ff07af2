"""A field of a template: what it holds, when it must be given, and on what basis."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from policies.network.titles import Title
from policies.requests.provisions import provision_title
from policies.requests.templates.check_table import Check, Offset
from policies.requests.templates.condition import Condition, Scalar
from policies.requests.templates.kinds import BasisKind, FieldType, Need, Side


class BasisWhen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A basis that holds while a condition does; the first of a list counts."""

    when: Condition
    basis: str | None = None
    basis_kind: BasisKind | None = None


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field; its name is its key in the template.

    `enum` are its codes with their words; `provisions` are codes that name a provision, as ART_93_1_k, whose
    words follow from them. `when` says when a conditional field must be given. `recommended_when`: its
    absence is a warning. `forbidden_when`: its presence is an error, for the reason in `forbidden_basis`.
    `basis_by` comes before `basis`. `hidden_in` are templates whose form does not offer it, though the law
    does not forbid it. `uncertain`: the basis was not read, or is an interpretation. `formula`: how a
    computed field comes about.
    """

    type: FieldType
    required: Need
    label: Title
    help: Title | None = None
    basis: str | None = None
    basis_kind: BasisKind
    side: Side = Side.REQUEST
    uncertain: bool = False
    when: Condition | None = None
    recommended_when: Condition | None = None
    forbidden_when: Condition | None = None
    basis_by: tuple[BasisWhen, ...] = ()
    forbidden_basis: tuple[BasisWhen, ...] = ()
    hidden_in: tuple[str, ...] = ()
    default: Scalar | None = None
    default_for: dict[str, Scalar] = {}
    formula: Offset | None = None
    check: tuple[Check, ...] = ()
    provisions: tuple[str, ...] = ()
    enum: dict[str, Title] = {}

    def __post_init__(self) -> None:
        if (self.required is Need.CONDITIONAL) != (self.when is not None):
            raise ValueError("a conditional field needs a when, and no other has one")
        if (self.side is Side.COMPUTED) != (self.formula is not None):
            raise ValueError("a computed field needs a formula, and no other has one")
        if self.basis_kind is not BasisKind.NETWORK and self.basis is None:
            raise ValueError(f"a field whose basis is of the kind {self.basis_kind} must say which")
        closed = self.type in (FieldType.ENUM, FieldType.MULTI_ENUM)
        if closed and not self.codes and not any(check.iso639_1 for check in self.check):
            raise ValueError("an enumeration needs its codes")

    @property
    def codes(self) -> dict[str, Title]:
        """The codes that the field may hold, each with its words; empty where it is not an enumeration."""
        return {code: provision_title(code) for code in self.provisions} | self.enum

    def conditions(self) -> Iterator[Condition]:
        """Yield every condition in the field."""
        yield from (each for each in (self.when, self.recommended_when, self.forbidden_when) if each)
        yield from (each.when for each in (*self.basis_by, *self.forbidden_basis))
        for check in self.check:
            for each in (check, *(check.any_of or ())):
                yield from (condition for condition in (each.when,) if condition)
                yield from (keys.when for keys in each.keys_when or ())
