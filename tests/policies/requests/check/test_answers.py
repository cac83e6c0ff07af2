"""Answers: the lawful set of each template is closed, and each answer carries what it must."""

from __future__ import annotations

from typing import Any

import pytest

from policies.requests.check.answer_check import Answer, History, check_answer
from policies.requests.check.context import Context
from policies.requests.check.finding import CheckResult
from tests.policies.requests.facts import (
    BY_NAME,
    CATALOGUE,
    EXAMPLES,
    FACTS,
    IDS,
    NETWORK,
    TODAY,
    Example,
    Naive,
)

BY_ID = {template: next(example for example in EXAMPLES if example.id == template) for template in IDS}
OTHER = "OTHER_STATED_REASON"
CODES = (*CATALOGUE, OTHER)
NO_HISTORY = History()
ALL_HISTORY = History(
    outcomes=frozenset(CATALOGUE), expired_clocks=frozenset({"full_request_due", "landing_96h"})
)
ATTACHMENT = {"title": "Consent", "sha256": "0" * 64}
RIGHTS = {
    "brought_promptly_59_2": True, "warrant_applies_59_2_a": True, "proper_process_59_2_b": True,
    "rights_respected_59_2_c": True, "informed_interim_release_59_3": True,
}  # fmt: skip
DETAILS: dict[str, object] = {
    "arrest_date": "2026-11-20", "rights_checklist": RIGHTS, "informed_consent": ATTACHMENT,
    "state_agreement": {"conditions": "none"}, "proof_of_service": {"server_confirmation": "Signed"},
    "third_party_origin": "NON_PARTY", "asset_state": "Unchanged", "known_on": "2026-11-20",
    "effective_on": "2027-03-01", "material_obtained_from_state": "NO", "witness_material": False,
    "A_focal_points": ["One"], "A_channel": "DIPLOMATIC", "A_language": ["fr"],
    "A_implementing_law": {"title": "Act"}, "A_internal_routing": "The prosecutor",
    "A_extra_requirements": [{"form": "search"}], "B_financial_investigation_powers": [{"register": "yes"}],
    "C_freezing_procedure": "A judge", "C_nexus_required": "NO", "C_order_of_contribution": "NO_LAW",
    "E_difficulties": ["TIME"], "publish_to": "COURT_ONLY",
}  # fmt: skip
"""Details that satisfy every answer: these, and a word for what else one carries."""


def carried(code: str) -> tuple[str, ...]:
    return ("reason",) if code == OTHER else tuple(CATALOGUE[code]["carries"])


def answer(example: Example, code: str, history: History = NO_HISTORY, /, **changes: object) -> CheckResult:
    details = {**DETAILS, **{name: DETAILS.get(name, "word") for name in carried(code)}, **changes}
    given = Answer(
        outcome=code, details={name: value for name, value in details.items() if value is not None}
    )
    context = Context(today=TODAY, facts=example.known)
    return check_answer(example.draft.template, example.values, given, history, context)


OUTSIDE = [
    (template, code) for template in IDS for code in CATALOGUE if code not in FACTS[template]["outcomes"]
]
INSIDE = [(template, code) for template in IDS for code in (*FACTS[template]["outcomes"], OTHER)]


@pytest.mark.parametrize(("template", "code"), OUTSIDE)
def test_an_answer_outside_the_set_is_refused(template: str, code: str) -> None:
    """What the law does not foresee as an answer to a template is refused, whatever came before it."""
    result = answer(BY_ID[template], code, ALL_HISTORY)
    assert [each.field for each in result.errors] == ["outcome"]
    assert f"no answer to {template}" in result.errors[0].reason


@pytest.mark.parametrize(("template", "code"), INSIDE)
def test_an_answer_inside_needs_all_that_it_carries(template: str, code: str) -> None:
    """Each detail that an answer must carry, left out, is an error at that detail with the answer's basis."""
    for name in carried(code):
        found = [each for each in answer(BY_ID[template], code, **{name: None}).errors if each.field == name]
        assert len(found) == 1
        assert found[0].reason.startswith("Missing: ")
    full = answer(BY_ID[template], code, ALL_HISTORY)
    assert [each for each in full.errors if each.field != "outcome"] == []


def naive(example: Example, code: str, history: History) -> Naive:
    scope = example.scope()
    return Naive(
        scope.template,
        scope.values,
        scope.facts,
        code,
        tuple(history.outcomes),
        tuple(history.expired_clocks),
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_answer_is_open_only_when_the_facts_say_so(example: Example) -> None:
    """Of the answers to a request, before and after all others, exactly those of the facts are open."""
    facts = FACTS[example.id]
    for history in (NO_HISTORY, ALL_HISTORY):
        for code in facts["outcomes"]:
            whens = [when for when in (CATALOGUE[code].get("when"), facts["outcome_when"].get(code)) if when]
            expected = all(naive(example, code, history).true(when) for when in whens)
            found = [each for each in answer(example, code, history).errors if each.field == "outcome"]
            assert (code, found == []) == (code, expected)


STATE_FIELDS = [
    (template, fact, code)
    for template in IDS
    for fact in FACTS[template]["fields"]
    if fact.get("side") in ("state", "court") and fact["required"] == "conditional"
    for code in (*FACTS[template]["outcomes"],)
    if naive(BY_ID[template], code, NO_HISTORY).true(fact["when"])
]


@pytest.mark.parametrize(
    ("template", "fact", "code"),
    STATE_FIELDS,
    ids=[f"{t}-{fact['name']}-{code}" for t, fact, code in STATE_FIELDS],
)
def test_a_field_of_the_answering_side_is_demanded_with_its_answer(
    template: str, fact: dict[str, Any], code: str
) -> None:
    """What the State or the Court owes with an answer is missing without it, by article; never before."""
    name = fact["name"]
    found = [each for each in answer(BY_ID[template], code, **{name: None}).errors if each.field == name]
    expected = NETWORK if fact["basis_kind"] == "NETWORK" else fact["basis"]
    assert len(found) == 1
    assert expected in found[0].basis or name in carried(code)
    acknowledged = answer(BY_ID[template], "ACKNOWLEDGED", **{name: None})
    assert [each for each in acknowledged.errors if each.field == name] == []


def test_the_other_stated_reason_is_open_to_all_and_needs_its_text() -> None:
    """A reason outside the law may be stated against every template, never without words."""
    for template in IDS:
        assert answer(BY_ID[template], OTHER).ok
        assert [each.field for each in answer(BY_ID[template], OTHER, reason="").errors] == ["reason"]


def test_a_wrong_answer_is_told_the_nearest() -> None:
    """A misspelt answer is refused with the nearest lawful one."""
    given = Answer(outcome="FROZE", details={})
    result = check_answer("T13@1.0", BY_NAME["T13"].values, given, NO_HISTORY, Context(today=TODAY))
    assert "nearest is 'FROZEN'" in result.errors[0].reason


def test_details_are_checked_too() -> None:
    """An arrest in the future, an unticked right and a detail of the wrong shape are refused."""
    arrested = answer(BY_NAME["T02"], "ARRESTED", arrest_date="2026-11-24")
    assert [(each.field, each.basis) for each in arrested.errors] == [("arrest_date", "92(3); rule 188")]
    unticked = answer(
        BY_NAME["T01"], "ARRESTED", rights_checklist={**RIGHTS, "warrant_applies_59_2_a": False}
    )
    assert "warrant_applies_59_2_a" in unticked.errors[0].reason
    served = answer(BY_NAME["T06"], "EXECUTED", proof_of_service="yes")
    assert "object" in served.errors[0].reason


def test_a_notice_of_circumstances_comes_45_days_before() -> None:
    """Circumstances take effect at the earliest on the 45th day after they are known; not a day sooner."""
    early, late = (
        answer(BY_NAME["T16"], "NOTICE_103_2_a", ALL_HISTORY, known_on="2026-11-20", effective_on=day)
        for day in ("2027-01-03", "2027-01-04")
    )
    assert [(each.field, each.basis) for each in early.errors] == [("effective_on", "103(2)(a)")]
    assert late.ok


def test_a_surrender_follows_an_arrest() -> None:
    """The reason is given when an answer comes before what it supposes."""
    refused = answer(BY_NAME["T01"], "SURRENDERED")
    assert refused.errors[0].reason.startswith("'Surrendered' cannot answer this request as it stands.")
    assert refused.errors[0].reason.endswith("It answers once the person is arrested.")
    assert answer(BY_NAME["T01"], "SURRENDERED", History(outcomes=frozenset({"ARRESTED"}))).ok


def test_in_french() -> None:
    """Reasons come in the language that is asked for."""
    example = BY_NAME["T13"]
    given = Answer(outcome="FROZEN", details={})
    result = check_answer("T13@1.0", example.values, given, NO_HISTORY, Context(today=TODAY), language="fr")
    assert result.errors[0].reason == "Manquant : Avoirs. Indispensable à cette réponse."
