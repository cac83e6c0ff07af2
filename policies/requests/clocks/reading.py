"""Where the clocks of a case stand at a certain time."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from policies.requests.case.case import Case, Entry
from policies.requests.case.step_details import FollowUpRequest
from policies.requests.clocks.days import WEEKENDS_ONLY, Calendar
from policies.requests.clocks.due import due_of, rounds
from policies.requests.clocks.standstill import standstills
from policies.requests.clocks.start import start_of
from policies.requests.clocks.the_hague import end_of
from policies.requests.templates.clock import Clock
from policies.requests.templates.evaluate import Scope, holds
from policies.requests.templates.kinds import ClockKind, Moment, OutcomeKind
from policies.requests.templates.registry import packaged_templates


class ClockState(enum.StrEnum):
    """Where a clock stands."""

    NOT_STARTED = "not-started"
    RUNNING = "running"
    STOPPED = "stopped"
    """It stands still: the State waits for the Court, or has postponed."""
    MET = "met"
    OVERDUE = "overdue"
    ELAPSED = "elapsed"
    """It has run, and no answer was owed: a period of notice."""
    ENDED = "ended"
    """The case was closed or withdrawn while it ran."""


class ClockReading(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of a case. All times are in UTC.

    `due` is the moment from which it has run out, None while nobody can say, and for an `urging` clock. Of a
    repeating one it is the end of the present round, `last_round` that of the one before.
    """

    name: str
    clock: Clock
    state: ClockState
    due: datetime | None = None
    last_round: datetime | None = None
    met_at: datetime | None = None

    @property
    def is_statutory(self) -> bool:
        """Whether it is law, not usage of the network."""
        return self.clock.kind is ClockKind.STATUTORY

    @property
    def was_late(self) -> bool:
        """Whether it was met after it had run out."""
        return self.met_at is not None and self.due is not None and self.met_at >= self.due


def read_clocks(case: Case, now: datetime, calendar: Calendar = WEEKENDS_ONLY) -> tuple[ClockReading, ...]:
    """Return the clocks of a case, the template's in its order, then the common ones. A draft has none.

    `now` is an aware time not before the last event of the case.
    """
    if case.is_draft:
        return ()
    return tuple(_read(case, name, clock, now, calendar) for name, clock in clocks_of(case).items())


def clocks_of(case: Case) -> dict[str, Clock]:
    """Return the clocks that a case can have, by name: those whose condition holds and that can be met."""
    template = case.template
    scope = Scope(template=template.id, values=case.values, prior_outcomes=case.outcomes)
    allowed = packaged_templates().allowed(template)
    common = {name: each for name, each in template.common.clocks.items() if set(each.met_by) & set(allowed)}
    return {
        name: clock
        for name, clock in (template.clocks | common).items()
        if clock.when is None or holds(clock.when, scope)
    }


def expired_clocks(case: Case, at: datetime) -> frozenset[str]:
    """Return the names of the statutory clocks that had run out: on these, lawful answers depend."""
    return frozenset(
        each.name for each in read_clocks(case, at) if each.is_statutory and each.state is ClockState.OVERDUE
    )


def _read(case: Case, name: str, clock: Clock, now: datetime, calendar: Calendar) -> ClockReading:
    start = start_of(case, clock)
    if start is None:
        return _read_unstarted(case, name, clock)
    still = standstills(case, clock)
    last_round = due = None
    if clock.repeating:
        last_round, due = rounds(clock, start.moment, still, calendar, now)
    elif clock.urging is None:
        due = due_of(clock, start.moment, still, calendar)
    met_at = _met_at(case, clock, start.position)
    if met_at is not None:
        state = ClockState.MET
    elif case.state.is_over:
        state = ClockState.ENDED
    elif due is not None and now >= due:
        state = ClockState.ELAPSED if _is_notice(clock) else ClockState.OVERDUE
    else:
        stands = any(each.covers(now) for each in still)
        state = ClockState.STOPPED if stands else ClockState.RUNNING
    return ClockReading(name=name, clock=clock, state=state, due=due, last_round=last_round, met_at=met_at)


def _read_unstarted(case: Case, name: str, clock: Clock) -> ClockReading:
    """Read a clock that nothing has started; what runs from the delivery may be met before it is known."""
    met_at = _met_at(case, clock, 0) if clock.starts is Moment.DELIVERED else None
    if met_at is not None:
        return ClockReading(name=name, clock=clock, state=ClockState.MET, met_at=met_at)
    state = ClockState.ENDED if case.state.is_over else ClockState.NOT_STARTED
    return ClockReading(name=name, clock=clock, state=state)


def _met_at(case: Case, clock: Clock, position: int) -> datetime | None:
    """Return when the first thing in the history, from `position` on, met a clock."""
    met = (_meets(clock, entry) for entry in case.history[position:])
    return next((at for at in met if at is not None), None)


def _meets(clock: Clock, entry: Entry) -> datetime | None:
    """Return when an answer or a step met a clock; None when it does not."""
    details = entry.details
    if isinstance(details, FollowUpRequest):
        received = details.received_on if details.template in clock.met_by_follow_up else None
        return end_of(received - timedelta(days=1)) if received else None
    if entry.code in clock.met_by:
        return entry.at
    if entry.answer is None:
        return None
    if clock.met_by_first_answer:
        return None if entry.is_receipt else entry.at
    if _asks_for_receipt(clock):  # whoever answers has received
        return entry.at
    open_to_any = not clock.met_by and not clock.met_by_follow_up and not _is_notice(clock)
    return entry.at if open_to_any and entry.is_final else None


def _is_notice(clock: Clock) -> bool:
    """Tell whether nothing is owed while the clock runs: it began with an answer, and no other meets it."""
    return clock.starts is Moment.OUTCOME and not clock.met_by


def _asks_for_receipt(clock: Clock) -> bool:
    catalogue = packaged_templates().outcomes.catalogue
    return any(catalogue[code].kind is OutcomeKind.RECEIPT for code in clock.met_by)
