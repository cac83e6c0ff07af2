"""What the register has of a reporting year, counted: as it stood when the year ended, whenever it is read.

The log is only read, in its order and a page at a time. What it says of a request was judged by the reducer
when it was recorded, so that no signature is checked again here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from bridge.errors import YearNotPublished
from bridge.register import Register
from bridge.register_event import EventKind
from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.step import EVENT_KEY, StepCode
from policies.requests.draft import Draft
from policies.requests.statistics.count import count_request
from policies.requests.statistics.record import RequestRecord
from policies.requests.statistics.rules import packaged_rules
from policies.requests.statistics.year import ReportingYear, reporting_year
from policies.requests.templates.outcome import Outcome
from policies.requests.templates.registry import packaged_templates
from policies.trust.times import parse_time

_PAGE = 1000
"""Events that are read at once: a few milliseconds."""
_KINDS = (EventKind.INTENDED, EventKind.RECEIVED, EventKind.JUDGED, EventKind.STEP_SIGNED)
QUERY = f"""SELECT sequence, at, kind, request_id, payload FROM events WHERE sequence > ?
    AND kind IN ({", ".join("?" * len(_KINDS))}) AND at >= ? AND at < ? ORDER BY sequence LIMIT ?"""  # noqa: S608 # question marks
"""The rows of the log that are counted, in order."""


class _Intended(msgspec.Struct):
    draft: Draft


class _Message(msgspec.Struct):
    content: str
    event_id: str = ""


class _Judged(msgspec.Struct):
    event_id: str
    refusal: str | None


class _Answer(msgspec.Struct):
    outcome: str
    answered_at: datetime
    details: dict[str, object]


class _Step(msgspec.Struct):
    step: StepCode
    occurred_at: datetime
    details: dict[str, object]


class _Said(msgspec.Struct):
    answer: _Answer | UnsetType = msgspec.field(default=UNSET, name=ANSWER_KEY)
    step: _Step | UnsetType = msgspec.field(default=UNSET, name=EVENT_KEY)


class _Happened(msgspec.Struct, frozen=True):
    """As much of an answer or a step as is counted; see `standstill.Happening`."""

    at: datetime
    code: str
    given: dict[str, object]
    outcome: Outcome | None = None


_intended = msgspec.json.Decoder(_Intended)
_message = msgspec.json.Decoder(_Message)
_judged = msgspec.json.Decoder(_Judged)
_said = msgspec.json.Decoder(_Said)


@dataclass
class _Request:
    """What was read of one request: its messages by event id, and which of them hold."""

    issued_at: datetime
    draft: Draft
    steps: list[_Happened] = field(default_factory=list)
    received: dict[str, str] = field(default_factory=dict)
    holding: dict[str, bool] = field(default_factory=dict)

    def counted(self) -> RequestRecord | None:
        history = [*self.steps, *self._answers()]
        history.sort(key=lambda entry: entry.at)
        draft = self.draft
        return count_request(
            template=draft.template, common=draft.common, issued_at=self.issued_at, history=history
        )

    def _answers(self) -> Iterator[_Happened]:
        for event_id, content in self.received.items():
            if self.holding.get(event_id):
                said = _said.decode(content)
                if said.answer is not UNSET:
                    given = said.answer
                    yield _Happened(
                        given.answered_at, given.outcome, given.details, _catalogue()[given.outcome]
                    )


def _catalogue() -> Mapping[str, Outcome]:
    return packaged_templates().outcomes.catalogue


class YearCount:
    """Reads the requests of one year. Raises YearNotPublished for a year that is not over, or not here."""

    def __init__(self, register: Register, year: ReportingYear) -> None:
        _require_published(register, year)
        self._db = register.database
        self._year = year
        self._after = 0
        self._requests: dict[str, _Request] = {}

    def read_page(self) -> bool:
        """Read some more of the log; False when there is nothing more of that year."""
        rows: list[tuple[int, str, str, str, str]] = self._db.execute(
            QUERY, arguments(self._year, self._after, _PAGE)
        ).fetchall()
        for _, at, kind, request_id, payload in rows:
            self._take(at, kind, request_id, payload)
        self._after = rows[-1][0] if rows else self._after
        return len(rows) == _PAGE

    def records(self) -> Iterator[RequestRecord]:
        """Yield what each request counts as that was issued in the year."""
        for request in self._requests.values():
            record = request.counted()
            if record is not None:
                yield record

    def _take(self, at: str, kind: str, request_id: str, payload: str) -> None:
        if kind == EventKind.INTENDED:
            draft = _intended.decode(payload).draft
            self._requests[request_id] = _Request(issued_at=datetime.fromisoformat(at), draft=draft)
            return
        request = self._requests.get(request_id)
        if request is None:  # of a year before
            return
        if kind == EventKind.JUDGED:
            judged = _judged.decode(payload)
            request.holding[judged.event_id] = judged.refusal is None
            return
        message = _message.decode(payload)
        if kind == EventKind.RECEIVED:
            request.received[message.event_id] = message.content
            return
        said = _said.decode(message.content)
        if said.step is not UNSET:
            taken = said.step
            request.steps.append(_Happened(taken.occurred_at, taken.step, taken.details))


def arguments(year: ReportingYear, after: int, limit: int) -> list[object]:
    """Return what QUERY is asked with: at most `limit` rows of a year, those after a sequence."""
    return [after, *_KINDS, _instant(year.first_day), _instant(year.end), limit]


def counted(register: Register, year: ReportingYear) -> tuple[RequestRecord, ...]:
    """Return what each request of a year counts as. Raises YearNotPublished."""
    count = YearCount(register, year)
    while count.read_page():
        continue
    return tuple(count.records())


def published_years(register: Register) -> tuple[ReportingYear, ...]:
    """Return the reporting years that are over, from the first of the register on; oldest first."""
    row: Any = register.database.execute("SELECT at FROM events ORDER BY sequence LIMIT 1").fetchone()
    if row is None:
        return ()
    rules, today = packaged_rules().reporting_year, register.now().date()
    years = [reporting_year(parse_time(row[0]).date(), rules)]
    while years[-1].is_over(today):
        years.append(reporting_year(years[-1].end, rules))
    return tuple(years[:-1])


def _require_published(register: Register, year: ReportingYear) -> None:
    published = published_years(register)
    if year in published:
        return
    if year.is_over(register.now().date()):
        why = "The register begins later."
    else:
        why = (
            f"It runs until before {year.end}. Of a table that still grows, one publication subtracted from"
            " the next tells single requests, and so States."
        )
    titles = ", ".join(each.title for each in published)
    raise YearNotPublished(
        f"There are no statistics of {year.title}.",
        why=why,
        remedy=f"These years can be had: {titles}." if titles else "No year can be had yet.",
    )


def _instant(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
