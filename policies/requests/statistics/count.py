"""What one request counts as: from what was asked and from what happened to it, in the order of signing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from policies.network.load import load_regions
from policies.requests.case.case import Entry
from policies.requests.case.step import StepCode
from policies.requests.clocks.standstill import standstills_of
from policies.requests.statistics.measures import WITHDRAWN
from policies.requests.statistics.record import RequestRecord
from policies.requests.statistics.tabulate import ELSEWHERE
from policies.requests.templates.kinds import Confidentiality, Priority
from policies.requests.templates.registry import packaged_templates

_DRAFT = "CONSULTATION_DRAFT"
_BINDING = frozenset({"FORMAL_REFERENCE", "ADVANCE"})
_OPEN = frozenset({Confidentiality.PUBLIC.value, Confidentiality.CONFIDENTIAL.value})
_INSUFFICIENT = frozenset({"a", "97(a", "97a"})
"""How the kind of problem of article 97(a) is written, without the brackets at its ends."""


def count_request(
    *, template: str, common: Mapping[str, object], issued_at: datetime, history: Sequence[Entry]
) -> RequestRecord | None:
    """Return what a request counts as; None for a draft on which a State is only consulted.

    `template` is its name with version, `common` its common fields as they were issued. `history` is what
    holds of its case, in order. Raises ValueError for a priority that there is none of.
    """
    if common.get("nature") == _DRAFT:
        return None
    common = _modified(common, history)
    answers = [entry for entry in history if entry.answer is not None]
    substantive = [entry for entry in answers if not entry.is_receipt]
    finals = [entry for entry in answers if entry.is_final]
    codes = {entry.code for entry in history if entry.step is not None}
    delivered = next((each.at for each in history if each.answer or each.code == StepCode.DELIVERED), None)
    times = [
        None if at is None else max(at, issued_at)  # clocks elsewhere may be behind
        for at in (delivered, *(each[0].at if each else None for each in (answers, substantive, finals)))
    ]
    delivered_at, acknowledged_at, first_answer_at, final_answer_at = times
    stands = next(reversed(finals or substantive), None)
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
        outcome=WITHDRAWN if StepCode.WITHDRAWN_BY_COURT in codes else stands.code if stands else None,
        binding=_is_binding(template, common),
        advance=common.get("nature") == "ADVANCE",
        confirmed=common.get("nature") == "ADVANCE" and _is_confirmed(common, codes),
        incomplete=any(_says_incomplete(entry) for entry in answers),
        closed=StepCode.CLOSED in codes,
        sealed=common.get("confidentiality") not in _OPEN,
    )


def _modified(common: Mapping[str, object], history: Sequence[Entry]) -> Mapping[str, object]:
    """Return the common fields as the Court has modified them."""
    for entry in history:
        changes = entry.said.details.get("changes") if entry.code == StepCode.MODIFIED_BY_COURT else None
        if isinstance(changes, Mapping):
            common = {**common, **changes}
    return common


def _stood_still(
    history: Sequence[Entry], template: str, begin: datetime | None, end: datetime | None
) -> timedelta:
    """Return for how long the network's clocks did not run between two times."""
    total = timedelta(0)
    if begin is None or end is None:
        return total
    for still in standstills_of(history, packaged_templates().find(template).common.stopped_by):
        first, last = max(still.begin, begin), end if still.end is None else min(still.end, end)
        total += max(last - first, timedelta(0))
    return total


def _is_binding(template: str, common: Mapping[str, object]) -> bool:
    """Tell whether the State must execute it: what may be declined is voluntary."""
    return common.get("nature") in _BINDING and "DECLINED" not in _allowed(template)


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


def _says_incomplete(entry: Entry) -> bool:
    kind = str(entry.said.details.get("sub_code", "")).strip(" ().").casefold()
    return entry.code == "CONSULT_97" and kind in _INSUFFICIENT
