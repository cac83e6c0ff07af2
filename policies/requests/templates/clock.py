"""A time limit of a template: law or usage, how it counts, what starts it and what makes it stand still."""

from __future__ import annotations

import msgspec

from policies.network.titles import Title
from policies.requests.templates.condition import Condition
from policies.requests.templates.kinds import ClockKind, ClockUnit, Moment, Urging


class Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One clock; its name is its key in the template.

    It runs for `count` of `unit`, or says `urging` where the law has a word and no number. `starts` is what
    starts it: `starts_field` a field's time, `starts_outcome` an answer with one of these codes. A
    `repeating` one starts anew whenever it has run. `when` says for which requests it is there. It stands
    still while the last answer is one of `stopped_by` (those of the network have the common list, statutory
    ones only what the law says). It ends with an answer of `met_by`, with the receipt of a follow-up request
    of `met_by_follow_up`, where `met_by_first_answer` with any answer but a receipt, and where none of these
    is given with a final answer. `proceedings`: it binds in proceedings before the Court, so that Regulation
    33 of its Regulations counts its days. `alerts` are days before its end on which people are reminded.
    """

    kind: ClockKind
    title: Title
    basis: str | None = None
    count: int | None = None
    unit: ClockUnit | None = None
    urging: Urging | None = None
    starts: Moment = Moment.DELIVERED
    starts_field: str | None = None
    starts_outcome: tuple[str, ...] = ()
    repeating: bool = False
    when: Condition | None = None
    stopped_by: tuple[str, ...] = ()
    met_by: tuple[str, ...] = ()
    met_by_follow_up: tuple[str, ...] = ()
    met_by_first_answer: bool = False
    proceedings: bool = False
    alerts: tuple[int, ...] = ()
    uncertain: bool = False

    def __post_init__(self) -> None:
        if (self.count is None) != (self.unit is None) or (self.count is None) == (self.urging is None):
            raise ValueError("a clock has a count and a unit, or else an urging")
        if (self.kind is ClockKind.STATUTORY) != (self.basis is not None):
            raise ValueError("a statutory clock says its basis, and one of the network has none")
        if self.kind is ClockKind.STATUTORY and self.unit is ClockUnit.WORKING_DAYS:
            raise ValueError("the law counts calendar days, never working days")
        if (self.starts is Moment.FIELD) != (self.starts_field is not None):
            raise ValueError("a clock that a field starts says which")
        if (self.starts is Moment.OUTCOME) != bool(self.starts_outcome):
            raise ValueError("a clock that an outcome starts says which")
