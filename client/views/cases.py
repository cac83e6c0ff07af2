"""A case as a person or a program reads it: its state, clocks, history, refusals, and what can follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from client.views.safe_text import single_line
from policies.requests.case.case import Case, Entry, RefusedEntry
from policies.requests.case.lawful import LawfulAnswer, lawful_answers, lawful_steps
from policies.requests.case.step import StepCode
from policies.requests.clocks.reading import ClockReading, ClockState, read_clocks
from policies.requests.templates.registry import packaged_templates
from policies.trust import canonical_json
from policies.trust.times import format_time

_STATUTORY, _NETWORK = "statutory", "network default"
_WIDTH = 200


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A case with its clocks and what can follow at one time; `language` is en or fr."""

    case: Case
    clocks: tuple[ClockReading, ...]
    answers: tuple[LawfulAnswer, ...]
    steps: tuple[StepCode, ...]
    language: str = "en"

    def as_object(self) -> dict[str, object]:
        """Return what `rogatory request show --json` says."""
        case = self.case
        return {
            **self.summary(),
            "common": case.common,
            "fields": case.fields,
            "delivered_at": _time(case.delivered_at),
            "acknowledged_at": _time(case.acknowledged_at),
            "answered_at": _time(case.answered_at),
            "formal_confirmation": canonical_json.from_struct(case.confirmation),
            "clocks": [self._clock(each) for each in self.clocks],
            "history": [_entry(each) for each in case.history],
            "last_answer": _entry(case.last_answer) if case.last_answer else None,
            "refused": [_refused(each) for each in case.refused],
            "lawful_next": {
                "answers": [
                    {
                        "outcome": each.outcome,
                        "title": each.title.said(self.language),
                        "kind": each.kind.value,
                        "needs": [msgspec.structs.asdict(need) for need in each.needs],
                    }
                    for each in self.answers
                ],
                "steps": [step.value for step in self.steps],
            },
        }

    def summary(self) -> dict[str, object]:
        """Return what `rogatory request list --json` says of it."""
        case = self.case
        due = [each.due for each in self.clocks if each.due and each.state in _URGENT]
        return {
            "id": case.request.id,
            "template": case.request.template,
            "room_id": case.request.room_id,
            "state": case.state.value,
            "issued_at": _time(case.request.issued_at),
            "next_due": _time(min(due, default=None)),
            "last_outcome": case.last_answer.code if case.last_answer else None,
            "refused_messages": len(case.refused),
        }

    def line(self) -> str:
        """Return one line for a list."""
        said = self.summary()
        due = f"due {said['next_due']}" if said["next_due"] else ""
        outcome = said["last_outcome"] or "no answer"
        return f"{said['id']}  {said['template']:<8} {said['state']:<16} {outcome:<24} {due}".rstrip()

    def lines(self) -> Iterator[str]:
        """Yield the whole case for a person, texts of others made safe."""
        case = self.case
        title = case.template.title.said(self.language)
        yield f"Request {case.request.id}: {title} ({case.request.template})"
        yield f"State: {case.state.value}; issued {_time(case.request.issued_at)}"
        yield f"Delivered: {_time(case.delivered_at) or 'not yet'}"
        yield f"Formal confirmation: {case.confirmation.status.value}"
        yield "Clocks"
        yield from (f"  {self._clock_line(each)}" for each in self.clocks)
        yield "History"
        yield from (f"  {_entry_line(each)}" for each in case.history)
        if case.refused:
            yield "Refused, without effect"
            yield from (f"  {_refused_line(each)}" for each in case.refused)
        if self.answers:
            yield "The State can answer"
            yield from (f"  {line}" for each in self.answers for line in self._answer_lines(each))
        if self.steps:
            yield f"The Court can take: {', '.join(self.steps)}"

    def _answer_lines(self, answer: LawfulAnswer) -> Iterator[str]:
        yield f"{answer.outcome:<36} {answer.title.said(self.language)}"
        if answer.needs:
            names = ", ".join(need.field for need in answer.needs)
            bases = "; ".join(dict.fromkeys(need.basis for need in answer.needs))
            yield f"    must say: {names} [{bases}]"

    def _clock(self, reading: ClockReading) -> dict[str, object]:
        return {
            "clock": reading.name,
            "title": reading.clock.title.said(self.language),
            "kind": _STATUTORY if reading.is_statutory else _NETWORK,
            "basis": reading.clock.basis,
            "state": reading.state.value,
            "due": _time(reading.due),
            "met_at": _time(reading.met_at),
            "late": reading.was_late,
        }

    def _clock_line(self, reading: ClockReading) -> str:
        kind = _STATUTORY if reading.is_statutory else _NETWORK
        basis = f" [{reading.clock.basis}]" if reading.clock.basis else ""
        due = f", due {_time(reading.due)}" if reading.due else ""
        return f"{reading.clock.title.said(self.language)}: {reading.state.value}{due} ({kind}{basis})"


_URGENT = (ClockState.RUNNING, ClockState.OVERDUE)


def view_case(case: Case, now: datetime, *, language: str = "en") -> CaseView:
    """Return the view of a case at `now`, an aware time."""
    at = case.time_to_sign(now)
    return CaseView(
        case=case,
        clocks=read_clocks(case, at),
        answers=lawful_answers(case, at, language=language),
        steps=lawful_steps(case),
        language=language,
    )


def _time(time: datetime | None) -> str | None:
    return format_time(time) if time else None


def _entry(entry: Entry) -> dict[str, object]:
    said = canonical_json.from_struct(entry.said)
    answer = entry.answer
    return {
        "event_id": entry.event_id,
        "sha256": entry.sha256,
        "kind": "answer" if answer else "step",
        "code": entry.code,
        "by": answer.answerer if answer else said["organ"],
        "at": _time(entry.at),
        "details": said["details"],
        "next_date": said.get("next_date"),
        "attachments": said.get("attachments", []),
    }


def _entry_line(entry: Entry) -> str:
    catalogue = packaged_templates().outcomes.catalogue
    title = catalogue[entry.code].title.en if entry.answer else str(entry.code)
    by = entry.answer.answerer if entry.answer else "the Court"
    named = f"{title} ({entry.code})" if entry.answer else entry.code
    return f"{_time(entry.at)}  {named}, by {single_line(by, most_characters=255)}"


def _refused(entry: RefusedEntry) -> dict[str, object]:
    return {
        "event_id": entry.event_id,
        "sender": entry.sender,
        "sent_at": _time(entry.sent_at),
        "refusal": entry.refusal.value,
        "reason": entry.reason,
    }


def _refused_line(entry: RefusedEntry) -> str:
    sender = single_line(entry.sender, most_characters=255)
    return f"{_time(entry.sent_at)}  {entry.refusal.value}, from {sender}: " + single_line(
        entry.reason, most_characters=_WIDTH
    )
