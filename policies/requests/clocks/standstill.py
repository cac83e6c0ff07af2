"""The times during which a clock stands still, because the State waits for the Court or has postponed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

import msgspec

from policies.requests.case.case import Case
from policies.requests.case.step import StepCode
from policies.requests.clocks.start import read_moment
from policies.requests.clocks.the_hague import day_of, end_of
from policies.requests.templates.clock import Clock
from policies.requests.templates.kinds import ClockKind, OutcomeKind
from policies.requests.templates.outcome import Outcome

POSTPONEMENTS = frozenset({"POSTPONED_94", "POSTPONED_95", "POSTPONED_89_2"})
"""The answers with which a State postpones; what else stops a clock is a consultation."""

CONSULTATION_ENDS = frozenset({
    StepCode.CONSULTATION_ANSWERED, StepCode.CONSULTATIONS_EXHAUSTED, StepCode.MODIFIED_BY_COURT,
})  # fmt: skip
"""The steps with which the Court has replied, so that the State no longer waits for it."""

_MOMENT = timedelta(microseconds=1)
_UNTIL = "until_agreed_with_court"
"""The detail of a postponement that says until when (article 94(1))."""


class Happening(Protocol):
    """What has happened in a case, as an `Entry` has it."""

    @property
    def at(self) -> datetime:
        """When it was signed."""

    @property
    def code(self) -> str:
        """The outcome of an answer, the code of a step."""

    @property
    def outcome(self) -> Outcome | None:
        """What the catalogue says of an answer; None for a step of the Court."""

    @property
    def given(self) -> Mapping[str, object]:
        """Its details."""


class Standstill(msgspec.Struct, frozen=True, kw_only=True):
    """One time of standing still; `end` is None while it is not known."""

    begin: datetime
    end: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Tell whether the clock stands still at a moment."""
        return self.begin <= moment and (self.end is None or moment < self.end)

    def touches(self, day: date) -> bool:
        """Tell whether the clock stands still during any part of a day of The Hague."""
        last = None if self.end is None else day_of(self.end - _MOMENT)
        return day_of(self.begin) <= day and (last is None or day <= last)


def standstills(case: Case, clock: Clock) -> tuple[Standstill, ...]:
    """Return when a clock stood still, in order; they do not overlap.

    Statutory clocks stop only for what the law says, those of the network for the common list too.
    """
    stopping = set(clock.stopped_by)
    if clock.kind is ClockKind.NETWORK:
        stopping |= set(case.template.common.stopped_by)
    return tuple(standstills_of(case.history, stopping))


def standstills_of(history: Iterable[Happening], stopping: Collection[str]) -> Iterator[Standstill]:
    """Yield when what has happened, in order, keeps a clock still that these codes stop."""
    stopped: Happening | None = None
    for entry in history:
        if stopped is None:
            stopped = entry if entry.code in stopping else None
        elif _resumes(entry, stopped, stopping):
            yield Standstill(begin=stopped.at, end=_earlier(entry.at, _agreed_end(stopped)))
            stopped = None
        elif entry.code in stopping:
            yield Standstill(begin=stopped.at, end=_earlier(entry.at, _agreed_end(stopped)))
            stopped = entry
    if stopped is not None:
        yield Standstill(begin=stopped.at, end=_agreed_end(stopped))


def _resumes(entry: Happening, stopped: Happening, stopping: Collection[str]) -> bool:
    if entry.outcome is not None:
        return entry.outcome.kind is not OutcomeKind.RECEIPT and entry.code not in stopping
    return entry.code in CONSULTATION_ENDS and stopped.code not in POSTPONEMENTS


def _agreed_end(entry: Happening) -> datetime | None:
    """Return when a postponement ends by itself: after the day that was agreed with the Court."""
    until = read_moment(entry.given.get(_UNTIL)) if entry.code in POSTPONEMENTS else None
    if until is None:
        return None
    end = until if isinstance(until, datetime) else end_of(until)
    return max(end, entry.at)


def _earlier(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)
