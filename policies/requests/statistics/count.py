"""What one request counts as: from what was asked and from what happened to it, in the order of signing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from policies.network.load import load_regions
from policies.requests.case.step import StepCode
from policies.requests.clocks.standstill import Happening, standstills_of
from policies.requests.statistics.measures import WITHDRAWN
from policies.requests.statistics.record import RequestRecord
from policies.requests.statistics.tabulate import ELSEWHERE
from policies.requests.templates.kinds import Confidentiality, OutcomeKind, Priority
from policies.requests.templates.registry import packaged_templates

_DRAFT = "CONSULTATION_DRAFT"
_BINDING = frozenset({"FORMAL_REFERENCE", "ADVANCE"})
_OPEN = frozenset({Confidentiality.PUBLIC.value, Confidentiality.CONFIDENTIAL.value})
_INSUFFICIENT = frozenset({"a", "97(a", "97a"})
"""How the kind of problem of article 97(a) is written, without the brackets at its ends."""


def count_request(
    *, template: str, common: Mapping[str, object], issued_at: datetime, history: Sequence[Happening]
) -> RequestRecord | None:
    """Return what a request counts as; None for a draft on which a State is only consulted.

    `template` is its name with version, `common` its common fields as they were issued. `history` is what
    holds of its case, in order. Raises ValueError for a priority that there is none of.
    """
    if common.get("nature") == _DRAFT:
        return None
    came = _Came()
    for entry in history:
        came.take(entry)
    if StepCode.MODIFIED_BY_COURT in came.steps:
        common = _modified(common, history)
    times = [
        None if entry is None else max(entry.at, issued_at)  # clocks elsewhere may be behind
        for entry in (came.delivered, came.answered, came.first, came.first_final)
    ]
    delivered_at, acknowledged_at, first_answer_at, final_answer_at = times
    stands = came.last_final or came.last
    asked = str(common.get("requested_state") or common.get("requesting_state") or "")
    return RequestRecord(
        region=_region_of().get(asked, ELSEWHERE),
        state=asked,
        priority=Priority(str(common.get("priority"))),
        template=template.partition("@")[0],
        organ=str(common.get("originator")),
        issued_at=issued_at,
        delivered_at=delivered_at,
        acknowledged_at=acknowledged_at,
        first_answer_at=first_answer_at,
        final_answer_at=final_answer_at,
        stood_still=_stood_still(history, template, delivered_at, final_answer_at),
        outcome=WITHDRAWN if StepCode.WITHDRAWN_BY_COURT in came.steps else stands.code if stands else None,
        binding=_is_binding(template, common),
        advance=common.get("nature") == "ADVANCE",
        confirmed=common.get("nature") == "ADVANCE" and _is_confirmed(common, came.steps),
        incomplete=came.incomplete,
        closed=StepCode.CLOSED in came.steps,
        sealed=common.get("confidentiality") not in _OPEN,
    )


class _Came:
    """What has come, read once: the steps of the Court, and the answers that count."""

    def __init__(self) -> None:
        self.steps: set[str] = set()
        self.delivered: Happening | None = None
        self.answered: Happening | None = None
        self.first: Happening | None = None
        self.last: Happening | None = None
        self.first_final: Happening | None = None
        self.last_final: Happening | None = None
        self.incomplete = False

    def take(self, entry: Happening) -> None:
        """Take in the next entry."""
        outcome = entry.outcome
        if outcome is None:
            self.steps.add(entry.code)
            if entry.code == StepCode.DELIVERED:
                self.delivered = self.delivered or entry
            return
        self.delivered = self.delivered or entry
        self.answered = self.answered or entry
        if outcome.kind is OutcomeKind.RECEIPT:
            return
        self.first, self.last = self.first or entry, entry
        self.incomplete = self.incomplete or _says_incomplete(entry)
        if outcome.kind is OutcomeKind.FINAL:
            self.first_final, self.last_final = self.first_final or entry, entry


def _modified(common: Mapping[str, object], history: Sequence[Happening]) -> Mapping[str, object]:
    """Return the common fields as the Court has modified them."""
    for entry in history:
        changes = entry.given.get("changes") if entry.code == StepCode.MODIFIED_BY_COURT else None
        if isinstance(changes, Mapping):
            common = {**common, **changes}
    return common


def _stood_still(
    history: Sequence[Happening], template: str, begin: datetime | None, end: datetime | None
) -> timedelta:
    """Return for how long the network's clocks did not run between two times."""
    total, stopping = timedelta(0), _stopping(template)
    if begin is None or end is None or not any(entry.code in stopping for entry in history):
        return total
    for still in standstills_of(history, stopping):
        first, last = max(still.begin, begin), end if still.end is None else min(still.end, end)
        total += max(last - first, timedelta(0))
    return total


def _is_binding(template: str, common: Mapping[str, object]) -> bool:
    """Tell whether the State must execute it: what may be declined is voluntary."""
    return common.get("nature") in _BINDING and "DECLINED" not in _allowed(template)


@cache
def _stopping(template: str) -> frozenset[str]:
    return frozenset(packaged_templates().find(template).common.stopped_by)


@cache
def _allowed(template: str) -> frozenset[str]:
    templates = packaged_templates()
    return frozenset(templates.allowed(templates.find(template)))


@cache
def _region_of() -> Mapping[str, str]:
    return {state: region.code for region in load_regions().values() for state in region.states}


def _is_confirmed(common: Mapping[str, object], codes: set[str]) -> bool:
    given = common.get("formal_confirmation")
    at_once = isinstance(given, Mapping) and given.get("status") == "confirmed"
    return at_once or StepCode.FORMALLY_CONFIRMED in codes


def _says_incomplete(entry: Happening) -> bool:
    kind = str(entry.given.get("sub_code", "")).strip(" ().").casefold()
    return entry.code == "CONSULT_97" and kind in _INSUFFICIENT
