"""What must not be read by others: in an informal query, and in a room's name, its topic or a notice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.network.titles import Title
from policies.requests.check.draft_check import check_draft
from policies.requests.check.personal_data import check_public_text
from policies.requests.check.reasons import load_reasons
from policies.requests.templates.kinds import Severity
from policies.requests.templates.registry import packaged_templates
from tests.policies.requests.facts import BY_NAME

TOPIC = Title(en="The topic", fr="Le sujet")
HARMFUL = [
    ("the account GB82 WEST 1234 5698 7654 32 at a bank", "account number"),
    ("the account GB82WEST12345698765433 at a bank", "account number"),
    ("card 4111 1111 1111 1111 was used", "account number"),
    ("passport X1234567 was shown", "identity document"),
    ("identity card AB123456", "identity document"),
    ("as in ICC-01/23-04/25", "situation or a case"),
    ("write to jean@exemple.sn about it", "address"),
    ("ask @jean:africa.rogatory.test about it", "address"),
    ("call +221 33 123 45 67 at night", "telephone"),
]
HARMLESS = [
    "is there a register of beneficial owners, and since which year, 2012 or 2014?",
    "does article 93(1)(k) suffice, or is a decision under rule 99 needed?",
    "how many days, 10 or 20, does a freeze take in 2026-11-23 terms?",
]


def found(text: str) -> list[tuple[Severity, str]]:
    return [(each.severity, each.reason.en) for each in check_public_text(text, TOPIC, load_reasons())]


@pytest.mark.parametrize(("text", "reason"), HARMFUL)
def test_what_tells_of_a_person_or_an_account_is_refused(text: str, reason: str) -> None:
    """Numbers of accounts, documents and cases, and addresses, are errors in a query and in public texts."""
    example = BY_NAME["T17"].having(question=text)
    result = check_draft(example.draft, example.context)
    assert any(each.field == "question" and reason in each.reason for each in result.errors)
    assert any(severity is Severity.ERROR and reason in said for severity, said in found(text))


def test_a_name_is_only_a_warning() -> None:
    """Two capitalised words may be a person or an authority: the drafter is asked to look."""
    example = BY_NAME["T17"].having(question="who decides, Jean Exemple or the Ministry of Justice?")
    result = check_draft(example.draft, example.context)
    assert result.ok
    assert any("Jean Exemple" in each.reason for each in result.warnings)


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_question_passes(text: str) -> None:
    """Years, dates, articles and small numbers are no personal data."""
    example = BY_NAME["T17"].having(question=text)
    assert [
        each for each in check_draft(example.draft, example.context).errors if each.field == "question"
    ] == []
    assert found(text) == []


def test_other_information_of_an_informal_query_is_looked_at_too() -> None:
    """The common field for other information is no way around the check; formal requests may say all this."""
    leak = "IBAN GB82 WEST 1234 5698 7654 32"
    informal = BY_NAME["T17"].having(other_info=leak)
    assert "other_info" in {each.field for each in check_draft(informal.draft, informal.context).errors}
    formal = BY_NAME["T13"].having(other_info=leak)
    assert check_draft(formal.draft, formal.context).ok


@pytest.mark.parametrize("name", ["T05", "T07"])
def test_the_code_of_a_person_is_no_name(name: str) -> None:
    """A code that looks like a name or a number is a warning: it may reach a title."""
    example = BY_NAME[name].having(person_ref="Jean Exemple")
    result = check_draft(example.draft, example.context)
    assert any(each.field == "person_ref" for each in result.warnings)
    assert result.ok


@pytest.mark.parametrize("state", ["Senegal", "Sénégal", "Burundi", "République de Corée"])
def test_a_public_text_names_no_state(state: str) -> None:
    """The name of a State, in English or French, is refused in a room's name, its topic or a notice."""
    assert any(state in said for _, said in found(f"A request to {state} is on its way"))


def test_the_titles_of_templates_may_be_public() -> None:
    """What notices are made of, the titles and purposes of the templates, passes."""
    for template in packaged_templates().all():
        for text in (template.title, template.purpose):
            assert [each for each in found(text.en) + found(text.fr) if each[0] is Severity.ERROR] == []


@given(st.text())
def test_any_text_is_looked_at(text: str) -> None:
    """No text makes the look at it fail."""
    assert isinstance(found(text), list)
