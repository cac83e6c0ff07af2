"""What is known around a request when it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from policies.requests.cards.card import CountryCard
from policies.requests.cards.facts import card_facts
from policies.requests.check.states import StateStatus, former_parties, status_of
from policies.requests.templates.evaluate import as_date


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the request itself does not say.

    `today` is the day of the check. `card` is the requested State's country card; another State's is passed
    over. `facts` are by path, as `card.on_list_103_1` or `language_accepted_by_addressee`, and come before
    what the card says; what is not there is not known, and the conditions say what then holds.
    """

    today: date
    card: CountryCard | None = None
    facts: Mapping[str, object] = {}

    def card_of(self, values: Mapping[str, object]) -> CountryCard | None:
        """Return the card of the State that a request asks, if it is here."""
        card = self.card
        return card if card is not None and card.state == values.get("requested_state") else None


def known_facts(template_id: str, values: Mapping[str, object], context: Context) -> dict[str, object]:
    """Return the facts of the context, of the country card, and of the policy's own data with the request.

    The last are the status of the requested State, whether proceedings began before its withdrawal took
    effect, and whether the Court, asked by a State (T18), accepts the language: English or French (rule
    194(1)).
    """
    facts: dict[str, object] = {}
    state = values.get("requested_state")
    status = status_of(state) if isinstance(state, str) else None
    if status is not None:
        facts["state_status"] = status.value
    if status is StateStatus.WITHDRAWN and isinstance(state, str):
        begun = as_date(values.get("proceedings_commenced_on"))
        if begun is not None:
            facts["proceedings_before_withdrawal"] = begun < former_parties()[state].withdrawn_on
    if template_id == "T18" and isinstance(values.get("language"), str):
        facts["language_accepted_by_addressee"] = values["language"] in ("en", "fr")
    if (card := context.card_of(values)) is not None:
        facts |= card_facts(card, template_id, values, context.today)
    return facts | dict(context.facts)
