"""An answer to the questionnaire changes the card of its own State, and nothing else."""

from __future__ import annotations

import datetime

import msgspec
import pytest

from policies.requests.cards.card import CountryCard
from policies.requests.cards.load import packaged_card
from policies.requests.cards.questionnaire import updated_card
from policies.requests.cards.statement import Audience
from policies.requests.errors import CardAnswerRefused
from tests.policies.requests.cards.cards import COMPLETE, LONG_AGO, answer, stated_card

EMPTY = CountryCard(state="SEN")
DAY = datetime.timedelta(days=1)


def test_the_state_is_the_source_of_what_it_says() -> None:
    """Each statement has the State's answer as its source and its day as its date, and is firm."""
    statements = dict(stated_card().statements())
    assert set(statements) == {
        "channel", "language", "extra_requirements", "search_requires_judicial_grounds", "nexus_required",
        "order_of_contribution", "on_list_103_1", "agreements", "implementing_law", "internal_routing",
        "freezing_procedure",
    }  # fmt: skip
    for statement in statements.values():
        assert statement.source == "SEN, in answer to ROG-2026-7KQ4XM"
        assert statement.date == LONG_AGO.isoformat()
        assert statement.is_firm


def test_a_change_of_channel_or_language_holds_after_45_days() -> None:
    """Until then the earlier declaration holds, unless another day was agreed (rule 180(2))."""
    before = packaged_card("NLD")
    assert before is not None
    given = answer(state="NLD", details=COMPLETE | {"A_channel": "DIPLOMATIC", "A_language": ["nl"]})
    card = updated_card(before, given)
    due = LONG_AGO + 45 * DAY
    for day, language, channel in ((due - DAY, "en", "DESIGNATED_AUTHORITY"), (due, "nl", "DIPLOMATIC")):
        languages, channels = card.languages_on(day), card.channels_on(day)
        assert languages is not None
        assert channels is not None
        assert (languages.value, channels.value) == ((language,), (channel,))
    agreed = updated_card(before, msgspec.structs.replace(given, effective_on=LONG_AGO + DAY))
    languages = agreed.languages_on(LONG_AGO + DAY)
    assert languages is not None
    assert languages.value == ("nl",)


def test_what_is_confirmed_holds_at_once() -> None:
    """A State that states what the card has already makes it firm at once, and keeps the authority."""
    before = packaged_card("NLD")
    assert before is not None
    confirmed = updated_card(before, answer(state="NLD", details=COMPLETE | {"A_language": ["en"]}))
    for stated in (confirmed.languages_on(LONG_AGO), confirmed.channels_on(LONG_AGO)):
        assert stated is not None
        assert stated.is_firm
    assert len(confirmed.language) == len(confirmed.channel) == 1
    assert confirmed.channel[0].authority == before.channel[0].authority


def test_a_partial_answer_changes_only_what_it_says() -> None:
    """What is not answered stays as it was, and what is not listed is not denied."""
    card = updated_card(
        stated_card(),
        answer(
            outcome="PARTIALLY_COMPLETED",
            details={
                "C_nexus_required": "NO",
                "A_extra_requirements": [{"template": "T10", "requirement": "x"}],
            },
        ),
    )
    assert card.nexus_required is not None
    assert card.nexus_required.value == "NO"
    assert card.order_of_contribution == stated_card().order_of_contribution
    assert card.extra_requirements is not None
    assert not card.extra_requirements.complete


@pytest.mark.parametrize("outcome", ["ACKNOWLEDGED", "DECLINED", "DELEGATED", "OTHER_STATED_REASON"])
def test_an_answer_that_completes_nothing_changes_nothing(outcome: str) -> None:
    """A State that acknowledges, delegates or declines has said nothing of itself."""
    assert updated_card(EMPTY, answer(outcome=outcome)) == EMPTY


def test_without_leave_only_the_court_sees_it() -> None:
    """A State that does not say who may see its answers shows them to the Court alone."""
    details = {key: value for key, value in COMPLETE.items() if key != "publish_to"}
    card = updated_card(EMPTY, answer(details=details))
    assert all(statement.shown_to is Audience.COURT_ONLY for _, statement in card.statements())
    assert list(card.shown_to(Audience.REGION).statements()) == []
    assert len(list(card.shown_to(Audience.COURT_ONLY).statements())) == len(list(card.statements()))


@pytest.mark.parametrize("changes", [{"state": "NOR"}, {"requested_state": "NOR"}, {"template": "T13@1.0"}])
def test_an_answer_of_or_for_another_is_refused(changes: dict[str, str]) -> None:
    """Only the State itself, asked by the questionnaire, speaks for its card."""
    given = msgspec.structs.replace(answer(), **changes)
    with pytest.raises(CardAnswerRefused) as refused:
        updated_card(EMPTY, given)
    assert next(iter(changes.values())).partition("@")[0] in refused.value.what
    with pytest.raises(CardAnswerRefused):
        updated_card(CountryCard(state="FRA"), answer())


@pytest.mark.parametrize(
    ("detail", "value", "reason"),
    [
        ("A_channel", "INTERPOL", "INTERPOL"),
        ("A_language", ["french"], "no language"),
        ("A_language", "fr", "list"),
        ("A_implementing_law", "a law", "keys and values"),
        ("A_extra_requirements", [{"template": "T13"}], "template, requirement"),
        ("A_extra_requirements", [{"template": "T99", "requirement": "x"}], "regex"),
        (
            "A_extra_requirements",
            [{"template": "T13", "requirement": "x"}, {"template": "T13", "requirement": "y"}],
            "one for each",
        ),
        ("C_nexus_required", "PERHAPS", "PERHAPS"),
        ("D_agreements", [{"kind": "FRIENDSHIP"}], "FRIENDSHIP"),
        ("D_agreements", ["APIC"], "keys and values"),
        ("A_internal_routing", "a\x07b", "control characters"),
        ("A_internal_routing", "a\u202eb", "control characters"),
        ("C_freezing_procedure", "x" * 10_000_000, "4000"),
        ("A_extra_requirements", [{"template": "T13", "requirement": "a\x00"}], "control characters"),
    ],
    ids=lambda value: str(value)[:40] if not isinstance(value, str) or value.isprintable() else ascii(value),
)
def test_a_detail_that_cannot_be_read_is_named(detail: str, value: object, reason: str) -> None:
    """A hostile or careless detail is refused with its name and the reason, and the card stays as it was."""
    with pytest.raises(CardAnswerRefused) as refused:
        updated_card(EMPTY, answer(details=COMPLETE | {detail: value}))
    assert detail in refused.value.what
    assert reason in refused.value.why
    assert len(str(refused.value)) < 1000
