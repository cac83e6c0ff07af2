"""Every element that the law asks for, in every template: left out, it is named by its article."""

from __future__ import annotations

import pytest

from policies.requests.check.draft_check import check_draft
from policies.requests.check.finding import CheckResult
from tests.policies.requests.facts import BY_NAME, COMMON, EXAMPLES, FACTS, IDS, Example, basis_of, demanded


def check(example: Example, language: str = "en") -> CheckResult:
    return check_draft(example.draft, example.context, language=language)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_complete_request_is_in_order(example: Example) -> None:
    """A complete example of a template has no error."""
    assert check(example).errors == ()


ELEMENTS = [(example, fact) for example in EXAMPLES for fact in example.fields if demanded(example, fact)]


@pytest.mark.parametrize(
    ("example", "fact"), ELEMENTS, ids=[f"{example.name}-{fact['name']}" for example, fact in ELEMENTS]
)
def test_what_is_left_out_is_named_by_its_article(example: Example, fact: dict[str, str]) -> None:
    """Leaving out an element that is demanded is one error at that field, with that element's article."""
    found = [each for each in check(example.without(fact["name"])).errors if each.field == fact["name"]]
    missing = [each for each in found if each.reason.startswith("Missing: ")]
    assert [each.basis for each in missing] == [basis_of(example, fact)]


@pytest.mark.parametrize("template", IDS)
def test_every_element_of_a_template_is_demanded_somewhere(template: str) -> None:
    """No required or conditional element of a template escapes the test above."""
    met = {fact["name"] for example, fact in ELEMENTS if example.id == template}
    asked = {
        fact["name"]
        for fact in FACTS[template]["fields"]
        if fact["required"] != "optional" and fact.get("side", "request") == "request"
    }
    assert asked - met == set()


def test_every_common_element_is_demanded_somewhere() -> None:
    """No required or conditional element of the common block escapes the test above."""
    met = {fact["name"] for _, fact in ELEMENTS}
    asked = {fact["name"] for fact in COMMON if fact["required"] != "optional" and fact.get("side") != "bot"}
    assert asked - met == {"template"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_nothing_is_demanded_that_the_law_does_not(example: Example) -> None:
    """A request with nothing in it lacks what the facts demand of it then, and nothing else."""
    empty = example
    for name in example.values:
        empty = empty.without(name)
    missing = {each.field for each in check(empty).errors if each.reason.startswith("Missing: ")}
    assert missing == {fact["name"] for fact in empty.fields if demanded(empty, fact)}


OPTIONAL = [
    (example, fact["name"])
    for example in EXAMPLES
    for fact in example.fields
    if fact["name"] in example.values and not demanded(example, fact)
]


@pytest.mark.parametrize(("example", "name"), OPTIONAL, ids=[f"{e.name}-{name}" for e, name in OPTIONAL])
def test_what_is_not_demanded_may_be_left_out(example: Example, name: str) -> None:
    """Leaving out what the law does not ask of this request is no error at that field."""
    assert [each for each in check(example.without(name)).errors if each.field == name] == []


ADVISED = [
    (example, fact)
    for example in EXAMPLES
    for fact in example.fields
    if "recommended_when" in fact and not demanded(example, fact)
    and example.without(fact["name"]).scope().true(fact["recommended_when"])
]  # fmt: skip


@pytest.mark.parametrize(
    ("example", "fact"), ADVISED, ids=[f"{example.name}-{fact['name']}" for example, fact in ADVISED]
)
def test_what_is_only_advised_is_a_warning(example: Example, fact: dict[str, str]) -> None:
    """Leaving out what the law asks for where possible is a warning with its article, and no error."""
    result = check(example.without(fact["name"]))
    assert basis_of(example, fact) in [each.basis for each in result.warnings if each.field == fact["name"]]
    assert [each for each in result.errors if each.field == fact["name"]] == []


FORBIDDEN = [
    (example, fact)
    for example in EXAMPLES
    for fact in example.fields
    if "forbidden_when" in fact and example.scope().true(fact["forbidden_when"])
]


@pytest.mark.parametrize(
    ("example", "fact"), FORBIDDEN, ids=[f"{example.name}-{fact['name']}" for example, fact in FORBIDDEN]
)
def test_what_has_no_place_is_refused(example: Example, fact: dict[str, object]) -> None:
    """Giving what a template forbids is an error with the reason's own basis."""
    bases = [each["basis"] for each in fact.get("forbidden_basis", ()) if example.scope().true(each["when"])]  # type: ignore[attr-defined]  # a fact is any JSON
    name = str(fact["name"])
    found = [each for each in check(example.having(**{name: "x"})).errors if each.field == name]
    assert [each.basis for each in found] == (bases or [fact["basis"]])
    assert "no place" in found[0].reason


def test_a_consultation_draft_may_be_incomplete() -> None:
    """In a draft for consultation what is missing is a warning, and what is wrong stays an error."""
    draft = (
        BY_NAME["T13"]
        .having(nature="CONSULTATION_DRAFT", stage="NONE")
        .without("chamber_order")
        .without("purpose")
    )
    result = check(draft)
    assert {each.field for each in result.errors} == {"stage"}
    assert "purpose" in {each.field for each in result.warnings}
