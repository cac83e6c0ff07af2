"""The lawful answers of all 21 templates, each through the reducer."""

from __future__ import annotations

import pytest

from policies.requests.case.case import CaseState
from policies.requests.case.refusal import Refusal
from tests.policies.requests.case.world import (
    ANSWER_KEY,
    FOCAL_POINT,
    HOUR,
    NOW,
    ORGAN_KEYS,
    RequestRoom,
    account,
)
from tests.policies.requests.check.test_answers import BY_ID, DETAILS, NO_HISTORY, OTHER, carried, naive
from tests.policies.requests.facts import CATALOGUE, FACTS, IDS

ANSWERER = {"T18": (account("REGISTRY"), ORGAN_KEYS["REGISTRY"])}
"""A State asks the Court with T18, and an organ answers; all others a focal point answers."""


def owed(template: str, code: str) -> dict[str, object]:
    """What the answer carries, and the fields of the template that its side may give with it."""
    sides = {fact["name"] for fact in FACTS[template]["fields"] if fact.get("side") in ("state", "court")}
    given = {name: value for name, value in DETAILS.items() if name in sides}
    return {**given, **{name: DETAILS.get(name, "word") for name in carried(code) if name != "next_date"}}


@pytest.mark.parametrize("template", IDS)
def test_exactly_the_lawful_answers_have_an_effect(template: str) -> None:
    """Of all outcomes there are, a fresh request takes those of its set that are open, and no other."""
    example = BY_ID[template]
    by, key = ANSWERER.get(template, (FOCAL_POINT, ANSWER_KEY))
    facts = FACTS[template]
    taken = 0
    for code in (*CATALOGUE, OTHER):
        room = RequestRoom(example=example)
        answer = room.answer(
            code, owed(template, code), NOW + HOUR, by=by, key=key, next_date=(NOW + 48 * HOUR).date()
        )
        case = room.case(answer)
        kind = "outside" if code == OTHER else CATALOGUE[code]["kind"]
        whens = [CATALOGUE.get(code, {}).get("when"), facts["outcome_when"].get(code)]
        lawful = (
            (code in facts["outcomes"] or code == OTHER)
            and kind != "court"
            and all(naive(example, code, NO_HISTORY).true(when) for when in whens if when)
        )
        if not lawful:
            assert (code, [each.refusal for each in case.refused]) == (code, [Refusal.NOT_LAWFUL_HERE])
            assert (case.history, case.state) == ((), CaseState.ISSUED)
            continue
        taken += 1
        assert (code, case.refused) == (code, ())
        assert [entry.code for entry in case.history] == [code]
        assert (case.state is CaseState.ANSWERED) == (kind == "final")
        assert (case.state is CaseState.ACKNOWLEDGED) == (kind == "receipt")
    assert taken > 3


def test_no_final_answer_to_a_draft() -> None:
    """A draft for consultation is consulted on, never executed, and closed without an outcome."""
    room = RequestRoom(example=BY_ID["T13"], common={"nature": "CONSULTATION_DRAFT"})
    advice = room.answer("CONSULT_NATIONAL_LAW", owed("T13", "CONSULT_NATIONAL_LAW"), NOW + HOUR)
    frozen = room.answer("FROZEN", owed("T13", "FROZEN"), NOW + 2 * HOUR)
    case = room.case(advice, frozen)
    assert (case.state, [each.refusal for each in case.refused]) == (
        CaseState.PRE_CONSULTATION,
        [Refusal.NOT_LAWFUL_HERE],
    )
