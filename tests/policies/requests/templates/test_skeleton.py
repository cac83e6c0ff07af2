"""The blank draft: it reads back, it asks for what the template asks for, and nothing else."""

from __future__ import annotations

import re

import pytest

from policies.requests.check.context import Context
from policies.requests.check.draft_check import check_draft
from policies.requests.draft import read_draft
from policies.requests.templates.registry import packaged_templates
from policies.requests.templates.skeleton import skeleton
from tests.policies.requests.facts import BY_NAME, COMMON, EXAMPLES, FACTS, IDS, TODAY, Example

CLOSED = re.compile(r"^# ([A-Za-z0-9_]+ = )", re.MULTILINE)
NAMES = re.compile(r"^(?:# )?([A-Za-z0-9_]+) = ", re.MULTILINE)


def blank(template: str, language: str = "en") -> str:
    return skeleton(packaged_templates().current(template), language)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("template", IDS)
def test_it_reads_back(template: str, language: str) -> None:
    """A blank draft is a draft of its template, as it is and with every field opened, in both languages."""
    text = blank(template, language)
    assert read_draft(text).template == f"{template}@1.0"
    opened = read_draft(CLOSED.sub(r"\1", text))
    assert opened.template == f"{template}@1.0"
    assert CLOSED.search(text)


@pytest.mark.parametrize("template", IDS)
def test_its_open_fields_are_those_that_are_always_required(template: str) -> None:
    """What a blank draft lacks are its open lines, or lines under a comment that says what requires them."""
    text = blank(template)
    blocks = {name: block for block in text.split("\n\n") for name in NAMES.findall(block)}
    missing = {each.field for each in check_draft(read_draft(text), Context(today=TODAY)).errors}
    closed = {name for name in missing if f"\n{name} = " not in text}
    assert all("]: REQUIRED WHEN " in " ".join(blocks[name].split("\n# ")) for name in closed)
    assert len(missing - closed) > 2


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_it_offers_every_field_that_an_example_needs(example: Example) -> None:
    """Each complete example could have been written into the blank draft, which has the facts' order."""
    offered = NAMES.findall(blank(example.id))
    assert set(example.values) <= set(offered)
    order = ["template", *(fact["name"] for fact in [*COMMON, *FACTS[example.id]["fields"]])]
    assert sorted(offered, key=order.index) == offered


def test_what_others_give_or_the_law_forbids_is_not_offered() -> None:
    """The form has no field of the State, of the network, or without a place in this template."""
    offered = set(NAMES.findall(blank("T17")))
    assert not offered & {"request_id", "situation_ref", "legal_basis", "purpose", "formal_confirmation"}
    assert not set(NAMES.findall(blank("T02"))) & {"arrest_date", "full_request_due", "rights_checklist"}
    assert not set(NAMES.findall(blank("T16"))) & {"purpose", "grounds", "essential_facts", "other_info"}


def test_it_explains_conditions_in_words() -> None:
    """A conditional field says when it is required, with its article, in the chosen language."""
    english, french = blank("T13"), blank("T13", "fr")
    assert (
        "# Notice to the owner [rule 99(2)-(3)]: REQUIRED WHEN measure contains FREEZE or SEIZE\n" in english
    )
    assert (
        "# Avis au propriétaire [règle 99(2)-(3)]: REQUIS LORSQUE measure contient FREEZE ou SEIZE\n"
        in french
    )
    assert "# Copy of the warrant of arrest [91(2)(b); 91(3)(a)]: REQUIRED WHEN" in blank("T01")
    assert "# Legal basis [network default]: REQUIRED\n" in blank("T01")
    assert "# Legal basis [96(2)(a)]: REQUIRED\n" in english
    assert "#     FREEZE: Geler" in french


def test_what_follows_from_the_template_is_filled_in() -> None:
    """Priority, level of confidentiality and defaults are there to begin with."""
    draft = read_draft(blank("T17"))
    assert draft.common["nature"] == "INFORMAL"
    assert (draft.common["priority"], draft.common["confidentiality"]) == ("P4", "CONFIDENTIAL")
    assert read_draft(blank("T11")).common["confidentiality"] == "SECRET"
    assert read_draft(blank("T04")).common["person_or_place_to_find"] is True


def test_filled_in_it_is_a_clean_request() -> None:
    """A blank draft with an example's values written into its lines is in order."""
    filled = blank("T19")
    for name, value in BY_NAME["T19"].values.items():
        filled = re.sub(rf"(?m)^(?:# )?{name} = .*$", f'{name} = "{value}"', filled)
    assert check_draft(read_draft(filled), Context(today=TODAY)).errors == ()
