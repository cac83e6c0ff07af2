"""A condition as data: one node of a tree over the fields of a request and the facts around it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

Scalar = bool | int | str
"""What a field is compared with."""

_SHAPES = (
    {"all"},
    {"any"},
    {"not"},
    {"field", "is"},
    {"field", "in"},
    {"field", "has"},
    {"field", "has_any"},
    {"present"},
    {"absent"},
    {"template"},
    {"context", "is"},
    {"context", "in"},
    {"context", "has"},
    {"outcome"},
    {"prior_outcome"},
    {"clock_expired"},
    {"before"},
    {"same"},
)


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Exactly one of these shapes.

    `{ all }`, `{ any }`, `{ not }`: every one, at least one, none of the conditions inside. `{ field, is | in
    | has | has_any }`: a field equals, is one of, contains, contains one of. `{ present }`, `{ absent }`: a
    field is given, or not, empty being not given. `{ template }`: the request is made with one of these
    templates. `{ context, is | in | has, if_unknown }`: a fact outside the request; one that is not known
    counts as `if_unknown`. `{ outcome }`: the answer that is now given has one of these codes. `{
    prior_outcome }`: an earlier one had. `{ clock_expired }`: that clock has run out. `{ before }`: both
    dates are given, and the first is earlier. `{ same }`: both are given, and equal.

    A field's name may go into an object with a dot: `formal_confirmation.status`.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = msgspec.field(default=None, name="not")
    field: str | None = None
    context: str | None = None
    is_: Scalar | None = msgspec.field(default=None, name="is")
    in_: tuple[Scalar, ...] | None = msgspec.field(default=None, name="in")
    has: Scalar | None = None
    has_any: tuple[Scalar, ...] | None = None
    if_unknown: bool = False
    present: str | None = None
    absent: str | None = None
    template: tuple[str, ...] | None = None
    outcome: tuple[str, ...] | None = None
    prior_outcome: tuple[str, ...] | None = None
    clock_expired: str | None = None
    before: tuple[str, str] | None = None
    same: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        given = {name.rstrip("_") for name in self.__struct_fields__ if name != "if_unknown"}
        given -= {name for name in given if getattr(self, name, getattr(self, f"{name}_", None)) is None}
        if given not in _SHAPES:
            shapes = ", ".join(" + ".join(sorted(shape)) for shape in _SHAPES)
            raise ValueError(f"a condition of {' + '.join(sorted(given)) or 'nothing'} is none of: {shapes}")
        if self.if_unknown and self.context is None:
            raise ValueError("if_unknown belongs to a condition on a context")

    def walk(self) -> Iterator[Condition]:
        """Yield this node and all below it."""
        yield self
        for inner in (*(self.all or ()), *(self.any or ()), *((self.not_,) if self.not_ else ())):
            yield from inner.walk()

    def field_names(self) -> Iterator[str]:
        """Yield the names of fields that it speaks of, as written."""
        for node in self.walk():
            yield from (name for name in (node.field, node.present, node.absent) if name is not None)
            yield from (*(node.before or ()), *(node.same or ()))


ALWAYS = Condition(all=())
"""True whatever the request is."""

NEVER = Condition(any=())
"""False whatever the request is."""
