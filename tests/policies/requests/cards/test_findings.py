"""What a country card says against a draft, and what its facts make of the templates' conditions."""

from __future__ import annotations

import msgspec
import pytest

from policies.requests.cards.card import CountryCard
from policies.requests.check.answer_check import Answer, History, check_answer
from policies.requests.check.context import Context, known_facts
from policies.requests.check.draft_check import check_draft
from policies.requests.check.finding import CheckResult
from tests.policies.requests.cards.cards import DOUBTFUL, FIRM, card_with, stated_card
from tests.policies.requests.facts import BY_NAME, TODAY, Example

DIPLOMATIC, DESIGNATED = "DIPLOMATIC", "DESIGNATED_AUTHORITY"


def checked(example: Example, card: CountryCard, language: str = "en") -> CheckResult:
    return check_draft(example.draft, Context(today=TODAY, card=card), language=language)


def at(found: CheckResult, field: str) -> tuple[list[str], list[str]]:
    return tuple(
        [each.basis for each in kind if each.field == field] for kind in (found.errors, found.warnings)
    )  # type: ignore[return-value]  # a pair


@pytest.mark.parametrize(
    ("certainty", "designated", "used", "expected"),
    [
        (FIRM, [DIPLOMATIC], DESIGNATED, (["87(1)(a)"], [])),
        (DOUBTFUL, [DIPLOMATIC], DESIGNATED, ([], ["87(1)(a)"])),
        (FIRM, [DESIGNATED], DIPLOMATIC, ([], ["87(1)(a)"])),
        (FIRM, [DESIGNATED], DESIGNATED, ([], [])),
        (FIRM, [DIPLOMATIC, DESIGNATED], DESIGNATED, ([], [])),
        (FIRM, [DIPLOMATIC], DIPLOMATIC, ([], [])),
        (FIRM, [DIPLOMATIC], "INTERPOL", ([], ["87(1)(b)"])),
    ],
)
def test_a_channel_that_was_not_designated_is_found(
    certainty: dict[str, object], designated: list[str], used: str, expected: tuple[list[str], list[str]]
) -> None:
    """An undesignated authority is an error, the diplomatic channel beside another, or doubt, a warning."""
    card = card_with(certainty, channel=designated, language=["fr"])
    assert at(checked(BY_NAME["T13"].having(channel=used), card), "channel") == expected


def test_the_confirmation_of_an_advance_copy_goes_through_the_designated_channel() -> None:
    """The channel of `formal_confirmation` is held against the card as that of the request is."""
    card = card_with(FIRM, channel=[DIPLOMATIC], language=["fr"])
    confirmation = {"status": "pending", "channel": DESIGNATED}
    example = BY_NAME["T13"].having(
        nature="ADVANCE", urgency="URGENT", channel=DIPLOMATIC, formal_confirmation=confirmation
    )
    assert at(checked(example, card), "formal_confirmation") == (["91(1), 96(1)"], [])


def test_without_a_known_designation_an_authority_is_a_warning() -> None:
    """Where nothing is known, the diplomatic channel is in order, an authority to be considered."""
    nothing = CountryCard(state="SEN")
    assert at(checked(BY_NAME["T13"].having(channel=DESIGNATED), nothing), "channel") == ([], ["87(1)(a)"])
    assert at(checked(BY_NAME["T13"].having(channel=DIPLOMATIC), nothing), "channel") == ([], [])


def test_a_language_that_the_state_does_not_accept_needs_a_translation() -> None:
    """A missing translation is an error by firm declaration, in doubt a warning; both name the languages."""
    example = BY_NAME["T13"].having(language="en").without("translation_attached")
    for certainty, errors in ((FIRM, ["87(2)"]), (DOUBTFUL, [])):
        found = checked(example, card_with(certainty, channel=[DESIGNATED], language=["fr", "es"]))
        assert at(found, "translation_attached")[0] == errors
        (warning,) = [each for each in found.warnings if each.field == "language"]
        assert (warning.basis, "fr, es" in warning.reason) == ("87(2)", True)
        assert ("depositary" in warning.reason) == (certainty is DOUBTFUL)


def test_an_accepted_or_translated_language_is_in_order() -> None:
    """What the State accepts, or what is translated, is found nowhere."""
    card = card_with(FIRM, channel=[DESIGNATED], language=["fr"])
    for example in (
        BY_NAME["T13"].having(language="fr"),
        BY_NAME["T13"].having(language="es", translation_attached=True),
    ):
        assert at(checked(example, card), "language") == ([], [])
        assert at(checked(example, card), "translation_attached") == ([], [])


def test_a_translation_that_must_go_with_the_language_is_asked_for() -> None:
    """Even in the declared language, a request needs the translation that the State has declared."""
    card = card_with(FIRM, channel=[DESIGNATED], language=["en"])
    languages = msgspec.structs.replace(card.language[0], with_translation_into=("ja",))
    card = msgspec.structs.replace(card, language=(languages,))
    example = BY_NAME["T13"].having(language="en").without("translation_attached")
    found = checked(example, card)
    assert at(found, "translation_attached")[0] == ["87(2)"]
    assert any("into ja" in each.reason for each in found.warnings)


def test_without_a_known_choice_a_working_language_is_in_order() -> None:
    """English and French need no choice of the State; another language is to be considered (rule 178(2))."""
    nothing = CountryCard(state="SEN")
    for language, warnings in (("en", []), ("fr", []), ("es", ["87(2); rule 178(2)"])):
        example = BY_NAME["T13"].having(language=language)
        assert at(checked(example, nothing), "language") == ([], warnings)


def test_informal_help_has_no_channel_to_designate() -> None:
    """An informal query leaves the formal channels untouched, so none is held against the card."""
    card = card_with(FIRM, channel=[DIPLOMATIC], language=["fr"])
    assert at(checked(BY_NAME["T17"].having(channel=DESIGNATED), card), "channel") == ([], [])


def test_what_an_incomplete_list_does_not_name_is_not_denied() -> None:
    """Requirements that the State has listed in part say nothing of other templates."""
    stated = stated_card().extra_requirements
    assert stated is not None
    partial = msgspec.structs.replace(stated, complete=False)
    card = msgspec.structs.replace(stated_card(), extra_requirements=partial)
    facts = known_facts("T10", {"requested_state": "SEN"}, Context(today=TODAY, card=card))
    assert "card.extra_requirements_for_template" not in facts
    assert facts["card.surrender_requirements"] is True


def test_another_states_card_says_nothing() -> None:
    """A card is held against requests to its own State only."""
    card = msgspec.structs.replace(card_with(FIRM, channel=[DIPLOMATIC], language=["pl"]), state="POL")
    without = check_draft(BY_NAME["T13"].draft, Context(today=TODAY))
    assert checked(BY_NAME["T13"], card) == without


@pytest.mark.parametrize(
    ("note", "warned"), [("STATE_DOES_NOT", True), ("STATE_REQUIRES_NEXUS", False), ("UNKNOWN", False)]
)
def test_what_a_freeze_supposes_of_national_law_is_held_against_the_card(note: str, warned: bool) -> None:
    """The State says that it needs a link: a request that says the contrary is told so, in French too."""
    found = checked(BY_NAME["T13"].having(nexus_note=note), stated_card(), "fr")
    assert at(found, "nexus_note") == ([], ["rapport 12(a)"] if warned else [])


def test_an_order_of_contribution_without_law_is_told_so() -> None:
    """Where the State has no law to execute an order of contribution, that is a warning."""
    example = BY_NAME["T15"].having(order_type="ORDER_OF_CONTRIBUTION", legal_basis=["ART_93_1_l"])
    assert at(checked(example, stated_card()), "order_type") == ([], ["report 12(b)"])


@pytest.mark.parametrize(
    ("template", "path", "value"),
    [
        ("T13", "card.extra_requirements_for_template", True),
        ("T10", "card.extra_requirements_for_template", False),
        ("T01", "card.surrender_requirements", True),
        ("T09", "card.search_requires_judicial_grounds", True),
        ("T16", "card.on_list_103_1", True),
    ],
)
def test_every_fact_that_conditions_ask_for_comes_from_the_card(
    template: str, path: str, value: bool
) -> None:
    """What the State has stated answers the conditions of the templates; in doubt it answers nothing."""
    card, values = stated_card(), {"requested_state": "SEN", "language": "fr"}
    known = known_facts(template, values, Context(today=TODAY, card=card))
    assert known[path] is value
    assert known["language_accepted_by_addressee"] is True
    doubtful = {
        name: msgspec.structs.replace(held, recheck_at="there")
        for name in ("extra_requirements", "search_requires_judicial_grounds", "on_list_103_1")
        if (held := getattr(card, name))
    }
    unsure = msgspec.structs.replace(card, **doubtful)
    assert path not in known_facts(template, values, Context(today=TODAY, card=unsure))


def test_what_national_law_asks_for_becomes_required() -> None:
    """A requirement on the card makes its field required, with its article."""
    for name, field, basis in (
        ("T13", "national_law_info", "96(2)(e)"),
        ("T01", "surrender_requirements", "91(2)(c)"),
        ("T09", "reasonable_grounds", "96(2)(e)"),
    ):
        found = checked(BY_NAME[name].without(field), stated_card())
        assert at(found, field)[0] == [basis]


def test_a_fact_that_is_given_comes_before_the_card() -> None:
    """Who checks may know better than the card."""
    context = Context(today=TODAY, card=stated_card(), facts={"card.on_list_103_1": False})
    assert known_facts("T16", {"requested_state": "SEN"}, context)["card.on_list_103_1"] is False


def test_an_answer_is_checked_with_the_card_too() -> None:
    """The check of an answer takes the card in its context."""
    example = BY_NAME["T13"]
    answer = Answer(outcome="ACKNOWLEDGED", details={"unit": "Ministry", "next_date": "2026-12-10"})
    context = Context(today=TODAY, card=stated_card())
    assert check_answer(example.draft.template, example.values, answer, History(), context).ok
