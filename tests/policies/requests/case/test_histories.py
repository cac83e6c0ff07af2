"""Random histories: whatever arrives, in whatever order, however often, the case is one and the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.requests.case.case import Case, CaseState
from policies.requests.case.received import Received
from policies.requests.case.step import StepCode
from tests.policies.requests.case.test_outcome_sets import owed
from tests.policies.requests.case.world import (
    ANSWER_KEY,
    FOCAL_POINT,
    NOW,
    OTHER_STATE,
    STRANGER,
    STRANGERS_KEY,
    RequestRoom,
    account,
    hash_of,
)
from tests.policies.requests.check.test_answers import BY_ID
from tests.policies.requests.facts import CATALOGUE, FACTS, IDS

MINUTES = st.integers(-30, 60 * 24 * 4)
TEMPLATES = [template for template in IDS if template != "T18"]
ORDER = list(CaseState)

Writer = Callable[[RequestRoom, list[Received]], Received]


def an_answer(code: str, minutes: int, by: str, forged: bool, whole: bool) -> Writer:
    def write(room: RequestRoom, _: list[Received]) -> Received:
        details = owed(room.example.id, code) if whole else {}
        at = NOW + timedelta(minutes=minutes)
        return room.answer(
            code, details, at, by=by, key=STRANGERS_KEY if forged else ANSWER_KEY, next_date=at.date()
        )

    return write


def a_step(step: StepCode, minutes: int, which: int, forged: bool) -> Writer:
    def write(room: RequestRoom, before: list[Received]) -> Received:
        answers = [hash_of(each) for each in before if "org.rogatory.answer" in each.content] or ["none"]
        sha256 = answers[which % len(answers)]
        details: dict[StepCode, dict[str, object]] = {
            StepCode.FORMALLY_CONFIRMED: {"channel": "DIPLOMATIC", "reference": "NV", "date": "2026-11-25"},
            StepCode.MODIFIED_BY_COURT: {"reason": "x", "changes": {"other_info": f"Word {which}"}},
            StepCode.WITHDRAWN_BY_COURT: {"reason": "x"},
            StepCode.ARREST_REPORTED: {"arrest_date": "2026-11-23", "source": "x"},
            StepCode.CONSULTATION_ANSWERED: {"reply": "x"},
            StepCode.CONSULTATIONS_EXHAUSTED: {"consultations_exhausted_on": "2026-11-23"},
            StepCode.ANSWER_RECEIVED: {"answer_sha256": sha256},
            StepCode.SUPPLEMENT_ASKED: {"answer_sha256": sha256, "reason": "x"},
            StepCode.FOLLOW_UP: {"request_id": "ROG-2026-AAAAAA", "template": "T01"},
            StepCode.REMINDER: {
                "clocks": [{"clock": "acknowledge", "due": "2026-11-25T23:00:00Z", "stage": 1}]
            },
            StepCode.CLOSED: {"answer_sha256": sha256},
        }
        key = STRANGERS_KEY if forged else None
        return room.step(step, NOW + timedelta(minutes=minutes), key=key, details=details.get(step, {}))

    return write


def codes_of(template: str) -> st.SearchStrategy[str]:
    """Mostly lawful ones, some of any other template."""
    return st.sampled_from(FACTS[template]["outcomes"]) | st.sampled_from(sorted(CATALOGUE))


def rarely() -> st.SearchStrategy[bool]:
    return st.integers(0, 9).map(lambda number: number == 0)


def writers(template: str) -> st.SearchStrategy[list[Writer]]:
    people = st.sampled_from([FOCAL_POINT] * 6 + [OTHER_STATE, STRANGER])
    answers = st.builds(
        an_answer, codes_of(template), MINUTES, people, rarely(), rarely().map(lambda lacks: not lacks)
    )
    steps = st.builds(a_step, st.sampled_from(StepCode), MINUTES, st.integers(0, 5), rarely())
    return st.lists(answers | steps, max_size=9)


@st.composite
def histories(draw: st.DrawFn) -> tuple[RequestRoom, list[Received]]:
    template = draw(st.sampled_from(TEMPLATES))
    room = RequestRoom(example=BY_ID[template])
    messages: list[Received] = []
    for write in draw(writers(template)):
        messages.append(write(room, messages))
    again = draw(st.lists(st.sampled_from(messages), max_size=2)) if messages else []
    messages += [
        room.message(dict(each.content), OTHER_STATE, each.sent_at + timedelta(minutes=1)) for each in again
    ]
    return room, messages


def of_effect(case: Case, messages: list[Received]) -> list[Received]:
    held = {entry.event_id for entry in case.history}
    return [each for each in messages if each.event_id in held]


@settings(max_examples=200)
@given(histories(), st.data())
def test_one_case_whatever_the_order_of_arrival(
    history: tuple[RequestRoom, list[Received]], data: st.DataObject
) -> None:
    """Shuffled and with duplicates the case is the same; every message is in it, as held or as refused.

    Only what the Court's own account posts again is left out.
    """
    room, messages = history
    case = room.case(*messages)
    shuffled = data.draw(st.permutations([room.first, *messages, *messages[:3]]))
    assert room.case(*shuffled) == case
    assert room.case(*messages) == case
    sent = [(each.sent_at, each.event_id) for each in case.refused]
    assert sent == sorted(sent)
    seen = [*(entry.event_id for entry in case.history), *(each.event_id for each in case.refused)]
    assert len(seen) == len(set(seen))
    known = {hash_of(each) for each in messages if each.event_id in seen}
    for unseen in (each for each in messages if each.event_id not in seen):
        assert unseen.sender == account(room.organ)
        assert hash_of(unseen) in known
    assert [(each.at, each.sha256) for each in case.history] == sorted(
        (each.at, each.sha256) for each in case.history
    )


@settings(max_examples=200)
@given(histories())
def test_what_is_refused_has_no_effect(history: tuple[RequestRoom, list[Received]]) -> None:
    """Without all that was refused the case is the same, and nothing is refused any more."""
    room, messages = history
    case = room.case(*messages)
    clean = room.case(*of_effect(case, messages))
    assert clean.refused == ()
    assert all(
        getattr(clean, name) == getattr(case, name) for name in case.__struct_fields__ if name != "refused"
    )


@settings(max_examples=200)
@given(histories())
def test_a_case_goes_forward(history: tuple[RequestRoom, list[Received]]) -> None:
    """Event by event the state goes forward; back only among the three of work, and when more is asked."""
    room, messages = history
    case = room.case(*messages)
    by_id = {each.event_id: each for each in messages}
    at_work = {CaseState.IN_PROGRESS, CaseState.IN_CONSULTATION, CaseState.POSTPONED}
    before = room.case()
    for count, entry in enumerate(case.history, start=1):
        after = room.case(*(by_id[each.event_id] for each in case.history[:count]))
        assert after.history == case.history[:count]
        if entry.code == StepCode.SUPPLEMENT_ASKED:
            assert (before.state, after.state) == (CaseState.ANSWERED, CaseState.IN_PROGRESS)
        elif not {before.state, after.state} <= at_work:
            assert ORDER.index(before.state) <= ORDER.index(after.state)
        assert not before.state.is_over
        before = after
    assert before.state is case.state
