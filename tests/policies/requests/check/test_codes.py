"""Enumerations are closed: a foreign code is refused with the nearest one."""

from __future__ import annotations

from typing import Any

import pytest

from policies.requests.check.draft_check import check_draft
from tests.policies.requests.facts import COMMON, EXAMPLES, FACTS, IDS, Example

BY_ID = {template: next(example for example in EXAMPLES if example.id == template) for template in IDS}
ENUMS = [(BY_ID["T04"], fact) for fact in COMMON if "enum" in fact] + [
    (BY_ID[template], fact)
    for template in IDS
    for fact in FACTS[template]["fields"]
    if "enum" in fact and fact.get("side", "request") == "request"
]
CASES = [(example, fact, code) for example, fact in ENUMS for code in fact["enum"]]


def errors_at(example: Example, fact: dict[str, Any], code: str) -> list[str]:
    several = fact["type"] in ("multi-enum", "list")
    given = example.having(**{fact["name"]: [code] if several else code})
    result = check_draft(given.draft, given.context)
    return [each.reason for each in result.errors if each.field == fact["name"]]


def foreign(code: str, codes: list[str]) -> str:
    return next(each for each in (f"{code}X", f"X{code}", f"{code}_Q") if each not in codes)


@pytest.mark.parametrize(
    ("example", "fact"), ENUMS, ids=[f"{example.id}-{fact['name']}" for example, fact in ENUMS]
)
def test_a_foreign_code_is_refused_with_the_nearest(example: Example, fact: dict[str, Any]) -> None:
    """Each code of an enumeration, misspelt, is refused with itself as the nearest; in lower case too."""
    for code in fact["enum"]:
        assert f"nearest is '{code}'" in errors_at(example, fact, foreign(code, fact["enum"]))[0]
        if code.lower() not in fact["enum"]:
            assert f"nearest is '{code}'" in errors_at(example, fact, code.lower())[0]


@pytest.mark.parametrize(
    ("example", "fact", "code"), CASES, ids=[f"{e.id}-{fact['name']}-{code}" for e, fact, code in CASES]
)
def test_each_code_of_the_facts_is_known(example: Example, fact: dict[str, Any], code: str) -> None:
    """Every code that the facts list is one of the field's codes."""
    assert [reason for reason in errors_at(example, fact, code) if "codes" in reason] == []


def test_a_code_given_twice_is_refused() -> None:
    """A code stands in a list once."""
    fact = next(fact for fact in FACTS["T13"]["fields"] if fact["name"] == "measure")
    given = BY_ID["T13"].having(measure=["FREEZE", "TRACE", "FREEZE"])
    reasons = [
        each.reason for each in check_draft(given.draft, given.context).errors if each.field == fact["name"]
    ]
    assert reasons == ["Measure names 'FREEZE' twice."]
