"""A new draft for a State: what it has said is filled in, what is in doubt stands beside the field."""

from __future__ import annotations

import pytest

from policies.requests.cards.card import CountryCard
from policies.requests.cards.load import packaged_card
from policies.requests.cards.prefill import card_suggestions
from policies.requests.draft import read_draft
from policies.requests.templates.registry import packaged_templates
from policies.requests.templates.skeleton import skeleton
from tests.policies.requests.cards.cards import stated_card
from tests.policies.requests.facts import IDS, TODAY


def draft_for(card: CountryCard | None, template: str, language: str = "en") -> str:
    assert card is not None
    suggested = card_suggestions(card, template, TODAY)
    return skeleton(packaged_templates().current(template), language, suggested)


def test_what_the_state_has_said_is_filled_in() -> None:
    """State, channel, language and nexus stand in the draft, with their source."""
    text = draft_for(stated_card(), "T13")
    draft = read_draft(text)
    assert draft.common["requested_state"] == "SEN"
    assert draft.common["channel"] == "DESIGNATED_AUTHORITY"
    assert draft.common["language"] == "fr"
    assert draft.fields["nexus_note"] == "STATE_REQUIRES_NEXUS"
    assert "#   The State's law asks for: The order, certified.\n" in text
    assert "SEN, in answer to ROG-2026-7KQ4XM" in text
    assert "Perhaps" not in text
    assert read_draft(draft_for(stated_card(), "T11")).fields["agreement_status"] == "AGREEMENT_IN_FORCE"


def test_what_is_in_doubt_stands_beside_its_field() -> None:
    """A declaration that must be checked again is a comment with its source; the field stays empty."""
    text = draft_for(packaged_card("JPN"), "T13")
    draft = read_draft(text)
    assert draft.common["requested_state"] == "JPN"
    assert not {"channel", "language", "translation_attached"} & draft.common.keys()
    assert '#   Perhaps: channel = "DIPLOMATIC"\n' in text
    assert '#   Perhaps: language = "en"\n' in text
    assert "#   Perhaps: translation_attached = true\n" in text
    assert "treaties.un.org" in text


@pytest.mark.parametrize(
    ("state", "channel", "language"),
    [
        ("DEU", "DESIGNATED_AUTHORITY", "de"),
        ("MKD", "DESIGNATED_AUTHORITY", "en"),
        ("AND", "DIPLOMATIC", "fr"),
    ],
)
def test_of_several_the_most_direct_is_suggested(state: str, channel: str, language: str) -> None:
    """An authority comes before the diplomatic channel, a working language of the Court before another."""
    text = draft_for(packaged_card(state), "T13")
    assert f'Perhaps: channel = "{channel}"\n' in text
    assert f'Perhaps: language = "{language}"\n' in text


def test_where_nothing_is_known_the_law_says_what_holds() -> None:
    """Without a declaration the draft names the diplomatic channel and the working languages."""
    text = " ".join(draft_for(packaged_card("SEN"), "T13", "fr").split("\n#   "))
    assert "la voie diplomatique est toujours ouverte" in text
    assert "l'anglais ou le français (règle 178(2))" in text


def test_every_agreement_is_named() -> None:
    """Where T16 asks what the agreement is about, those in force are listed with their sources."""
    assert "En vigueur : ENFORCEMENT_OF_SENTENCE." in draft_for(packaged_card("GEO"), "T16", "fr")
    assert "In force: WITNESS_RELOCATION." in draft_for(stated_card(), "T16")


@pytest.mark.parametrize("template", IDS)
@pytest.mark.parametrize("state", ["SEN", "JPN", "ALB"])
def test_it_reads_back(template: str, state: str) -> None:
    """Whatever the card, the draft is a draft; who asks the Court (T18) is not who is asked."""
    card = stated_card() if state == "SEN" else packaged_card(state)
    draft = read_draft(draft_for(card, template))
    asked = "requesting_state" if template == "T18" else "requested_state"
    assert draft.common[asked] == state
    if template in ("T17", "T18"):
        assert "channel" not in draft.common
