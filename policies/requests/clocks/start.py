"""What started a clock, and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

import msgspec

from policies.requests.case.answer import SignedAnswer
from policies.requests.case.case import Case, Entry
from policies.requests.templates.clock import Clock
from policies.requests.templates.evaluate import value_at
from policies.requests.templates.kinds import Moment


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The `moment` that started a clock, a day where no more is known, and its place in the history.

    What stands before `position` there cannot meet the clock.
    """

    moment: datetime | date
    position: int = 0


def start_of(case: Case, clock: Clock) -> Start | None:
    """Return what started a clock, the latest where several did; None when nothing has yet."""
    if clock.starts is Moment.DELIVERED:
        return Start(moment=case.delivered_at) if case.delivered_at else None
    if clock.starts is Moment.OUTCOME:
        return _latest(
            (i, entry.at) for i, entry in enumerate(case.history) if entry.code in clock.starts_outcome
        )
    return _field(case, clock, clock.starts_field or "")


def read_moment(value: object) -> datetime | date | None:
    """Return the time or the day that an ISO 8601 text says; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == len("2027-01-15"):
            return date.fromisoformat(value)
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _field(case: Case, clock: Clock, name: str) -> Start | None:
    """Return the time that a field says: of an answer or a step, else of the request.

    An answer that meets the clock repeats the field, and starts it only where nothing else has.
    """
    said = [
        (index, moment, entry.code in clock.met_by)
        for index, entry in enumerate(case.history)
        if (moment := read_moment(value_at(_details(entry), name))) is not None
    ]
    starting = [(index, moment) for index, moment, meets in said if not meets]
    asked = read_moment(value_at(case.values, name))
    if not starting and asked is not None:
        return Start(moment=asked)
    return _latest(starting or [(index, moment) for index, moment, _ in said])


def _details(entry: Entry) -> dict[str, object]:
    return entry.said.carried if isinstance(entry.said, SignedAnswer) else entry.said.details


def _latest(found: Iterable[tuple[int, datetime | date]]) -> Start | None:
    latest = None
    for position, moment in found:
        latest = Start(moment=moment, position=position)
    return latest
