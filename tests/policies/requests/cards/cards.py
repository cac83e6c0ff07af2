"""Cards as tests want them: firm, as their State has stated them, or in doubt."""

from __future__ import annotations

import datetime
from typing import Any

from policies.requests.cards.card import CountryCard
from policies.requests.cards.questionnaire import StateAnswer, updated_card
from policies.requests.cards.statement import Channels, Confidence, Languages
from tests.policies.requests.facts import TODAY

LONG_AGO = TODAY - datetime.timedelta(days=100)
FIRM: dict[str, Any] = {"source": "the State", "date": "2026", "confidence": Confidence.HIGH}
DOUBTFUL: dict[str, Any] = FIRM | {"recheck_at": "the depositary"}

COMPLETE: dict[str, object] = {
    "A_channel": "DESIGNATED_AUTHORITY",
    "A_language": ["fr"],
    "A_implementing_law": {"title": "Loi 2007-02", "year": 2007},
    "A_internal_routing": "The Ministry of Justice executes all.",
    "A_extra_requirements": [
        {"template": "T01", "requirement": "A copy of the warrant, certified."},
        {"template": "T09", "requirement": "Grounds for the judge.", "judicial_grounds": True},
        {"template": "T13", "requirement": "The order, certified."},
    ],
    "C_freezing_procedure": "By an examining judge.",
    "C_nexus_required": "YES",
    "C_order_of_contribution": "NO_LAW",
    "D_agreements": [{"kind": "WITNESS_RELOCATION"}, {"kind": "LIST_103_1"}],
    "publish_to": "NETWORK",
}


def answer(*, state: str = "SEN", details: dict[str, object] | None = None, **changes: Any) -> StateAnswer:
    values: dict[str, Any] = {
        "request_id": "ROG-2026-7KQ4XM",
        "template": "T19@1.0",
        "requested_state": state,
        "state": state,
        "outcome": "COMPLETED",
        "details": COMPLETE if details is None else details,
        "received_on": LONG_AGO,
    }
    return StateAnswer(**values | changes)


def stated_card(state: str = "SEN") -> CountryCard:
    """A card that its State filled in long enough ago for everything to hold today."""
    return updated_card(CountryCard(state=state), answer(state=state))


def card_with(certainty: dict[str, Any], *, channel: list[str], language: list[str]) -> CountryCard:
    return CountryCard(
        state="SEN",
        channel=(Channels(value=tuple(channel), **certainty),),  # type: ignore[arg-type]  # codes as in files
        language=(Languages(value=tuple(language), **certainty),),
    )
