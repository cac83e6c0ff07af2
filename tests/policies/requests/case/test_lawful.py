"""What can lawfully follow is what the reducer accepts, and nothing else."""

from __future__ import annotations

from policies.requests.case.lawful import lawful_answers, lawful_steps
from policies.requests.case.step import StepCode
from policies.requests.templates.kinds import OutcomeKind
from policies.requests.templates.registry import packaged_templates
from tests.policies.requests.case.world import FROZEN, HOUR, NOW, RequestRoom, hash_of
from tests.policies.requests.facts import BY_NAME


def test_the_answers_are_those_of_the_template_that_the_case_does_not_rule_out() -> None:
    """Outside the set, of the Court, or ruled out by what was asked: not listed; each says what it needs."""
    case = RequestRoom().case()
    found = {each.outcome: each for each in lawful_answers(case, NOW)}
    allowed = packaged_templates().allowed(case.template)
    assert set(found) < set(allowed)
    assert "FROZEN" in found
    assert "SEIZED" in allowed
    assert "SEIZED" not in found  # no seizure was asked for
    assert not any(each.kind is OutcomeKind.COURT for each in found.values())
    assert {(need.field, need.basis) for need in found["FROZEN"].needs} == {
        (name, "93(1)(k)") for name in FROZEN
    }


def test_the_steps_change_with_the_case() -> None:
    """Closing and asking for more stand open once there is a final answer; when it is over, nothing does."""
    room = RequestRoom()
    frozen = room.answer("FROZEN", FROZEN, NOW + HOUR)
    assert StepCode.CLOSED not in lawful_steps(room.case())
    assert {StepCode.CLOSED, StepCode.SUPPLEMENT_ASKED} <= set(lawful_steps(room.case(frozen)))
    closed = room.case(frozen, room.step(StepCode.CLOSED, NOW + 2 * HOUR, answer_sha256=hash_of(frozen)))
    assert (lawful_steps(closed), lawful_answers(closed, NOW + 3 * HOUR)) == ((), ())


def test_an_advance_copy_can_be_confirmed_once() -> None:
    """The formal confirmation stands open for an advance copy until it is there."""
    room = RequestRoom(example=BY_NAME["T02"])
    assert StepCode.FORMALLY_CONFIRMED in lawful_steps(room.case())
    confirmed = room.step(
        StepCode.FORMALLY_CONFIRMED, NOW + HOUR, channel="DIPLOMATIC", reference="1", date="2026-11-23"
    )
    assert StepCode.FORMALLY_CONFIRMED not in lawful_steps(room.case(confirmed))
    assert StepCode.FORMALLY_CONFIRMED not in lawful_steps(RequestRoom().case())
