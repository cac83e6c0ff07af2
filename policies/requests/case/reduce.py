"""The reducer: from the messages of a request's room to its case. Bridge and client use exactly this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.answering import answer_case
from policies.requests.case.case import Case, Entry, RefusedEntry
from policies.requests.case.envelope import malformed
from policies.requests.case.opening import open_case
from policies.requests.case.received import Received
from policies.requests.case.refusal import Refusal
from policies.requests.case.standing import Standing
from policies.requests.case.step import EVENT_KEY
from policies.requests.case.step_details import ReceivedAnswer
from policies.requests.case.stepping import step_case
from policies.requests.case.verify import CLOCKS_APART, verify_answer, verify_step
from policies.requests.errors import CaseNotOpened, CommunicationRefused
from policies.requests.verdict import CONTENT_KEY

_KEYS = frozenset({CONTENT_KEY, ANSWER_KEY, EVENT_KEY})
_NO_FACTS: Mapping[str, object] = {}


class _Reduction:
    """One run over the messages of a room: what holds, and what is refused."""

    def __init__(self, case: Case, standing: Standing, facts: Mapping[str, object]) -> None:
        self.case = case
        self._standing = standing
        self._facts = facts
        self._refused: list[RefusedEntry] = []

    def refuse(self, received: Received, error: CommunicationRefused) -> None:
        entry = RefusedEntry(
            event_id=received.event_id,
            sender=received.sender,
            sent_at=received.sent_at,
            refusal=error.refusal,
            reason=f"{error.what} {error.why}",
            findings=error.findings,
        )
        self._refused.append(entry)

    def verified(self, messages: list[Received]) -> list[tuple[Received, Entry]]:
        """Return what was signed by whom it says, each once, and refuse the rest."""
        found: dict[str, tuple[Received, Entry]] = {}
        for received in sorted(
            messages, key=lambda each: ANSWER_KEY in each.content
        ):  # the Court's steps first
            try:
                entry = self._verify(received)
            except CommunicationRefused as error:
                self.refuse(received, error)
                continue
            if entry.sha256 not in found:
                found[entry.sha256] = (received, entry)
                self._learn(entry)
            elif not self._posted_again(received):
                self.refuse(received, _replayed(found[entry.sha256][0]))
        return list(found.values())

    def apply(self, received: Received, entry: Entry) -> None:
        """Let what holds follow what came before, or refuse it."""
        try:
            self.case = self._after(entry)
        except CommunicationRefused as error:
            self.refuse(received, error)

    def finished(self) -> Case:
        """Return the case with all that was refused, in the order in which it was sent."""
        refused = sorted(self._refused, key=lambda each: (each.sent_at, each.event_id))
        return msgspec.structs.replace(self.case, refused=tuple(refused))

    def _learn(self, entry: Entry) -> None:
        """Take in the attestation by which the Court has judged an answer, with its receipt."""
        details = entry.details
        if isinstance(details, ReceivedAnswer) and details.attestation is not None:
            self._standing = self._standing.knowing(details.attestation)

    def _verify(self, received: Received) -> Entry:
        request, sha256 = self.case.request, self.case.request_sha256
        if ANSWER_KEY in received.content:
            answer = verify_answer(received, request=request, sha256=sha256, standing=self._standing)
            return Entry(event_id=received.event_id, sha256=answer.sha256, said=answer.answer)
        step = verify_step(received, request=request, sha256=sha256, standing=self._standing)
        return Entry(event_id=received.event_id, sha256=step.sha256, said=step.step)

    def _after(self, entry: Entry) -> Case:
        if self.case.state.is_over:
            why = f"The request was {self.case.state} before."
            raise CommunicationRefused("The case is over.", refusal=Refusal.CASE_OVER, why=why)
        if entry.at < self.case.request.issued_at - CLOCKS_APART:
            why = "It was signed before the request was issued."
            raise CommunicationRefused("It cannot follow.", refusal=Refusal.OUT_OF_ORDER, why=why)
        if entry.answer is not None:
            return answer_case(self.case, entry, entry.answer, self._facts)
        details = entry.details
        return self.case if details is None else step_case(self.case, entry, details, self._facts)

    def _posted_again(self, received: Received) -> bool:
        """Tell whether the Court's account posts again what is there, for somebody who came later."""
        organ = self.case.request.originator
        return any(
            (each.organ, each.user_id) == (organ, received.sender) for each in self._standing.manifest.organs
        )


def reduce_case(
    messages: Iterable[Received], *, room_id: str, standing: Standing, facts: Mapping[str, object] = _NO_FACTS
) -> Case:
    """Return the case that the messages of the room `room_id` add up to.

    In whatever order they arrive, and however often, the case is the same: what holds is ordered by the time
    of signing, then by hash, and each step must be able to follow those before it. What does not hold, or
    cannot follow, changes nothing and is in `refused`. Messages that carry neither a request nor an answer
    nor a step are none of its business. `facts` are those of the State's country card, as in a check.

    Raises CaseNotOpened when no request holds, TemplateUnknown when it was made with a template that is not
    here.
    """
    ordered = _once(messages)
    opened, refused = _opened([each for each in ordered if CONTENT_KEY in each.content], room_id, standing)
    reduction = _Reduction(opened, standing, facts)
    for received, error in refused:
        reduction.refuse(received, error)
    others = [each for each in ordered if CONTENT_KEY not in each.content]
    for received, entry in sorted(reduction.verified(others), key=lambda each: (each[1].at, each[1].sha256)):
        reduction.apply(received, entry)
    return reduction.finished()


def _once(messages: Iterable[Received]) -> list[Received]:
    """Return the messages that are of interest, each once, in the order in which they were sent."""
    by_id: dict[str, Received] = {}
    for received in messages:
        if _KEYS & received.content.keys():
            by_id.setdefault(received.event_id, received)
    return sorted(by_id.values(), key=lambda each: (each.sent_at, each.event_id))


def _opened(
    requests: list[Received], room_id: str, standing: Standing
) -> tuple[Case, list[tuple[Received, CommunicationRefused]]]:
    """Return the case that the first request opens which holds; what else calls itself one is refused."""
    holding: list[tuple[Received, Case]] = []
    refused: list[tuple[Received, CommunicationRefused]] = []
    for received in requests:
        try:
            if received.room_id != room_id:
                raise malformed("It comes from another room.")
            holding.append((received, open_case(received, standing.manifest)))
        except CommunicationRefused as error:
            refused.append((received, error))
    if not holding:
        raise CaseNotOpened(
            "There is no case in this room.",
            why=refused[0][1].why if refused else "No request of the Court has come.",
            remedy="Wait for the request, or ask the Court by another way whether it sent one.",
        )
    _, case = min(holding, key=lambda each: (each[1].request.issued_at, each[1].request_sha256))
    refused += [
        (received, _other(case)) for received, each in holding if each.request_sha256 != case.request_sha256
    ]
    return case, refused


def _other(case: Case) -> CommunicationRefused:
    why = f"This room is that of {case.request.id}, and each request has a room of its own."
    return CommunicationRefused("It is another request.", refusal=Refusal.OTHER_REQUEST, why=why)


def _replayed(first: Received) -> CommunicationRefused:
    why = f"The same signed bytes stand in {first.event_id}."
    return CommunicationRefused("It was posted before.", refusal=Refusal.REPLAYED, why=why)
