"""What a country card says to the conditions of the templates: the facts of a check, by path."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from policies.requests.cards.card import CountryCard

SURRENDER = "T01"
"""The template whose requirements are those of a surrender (article 91(2)(c))."""


def card_facts(
    card: CountryCard, template_id: str, values: Mapping[str, object], today: date
) -> dict[str, object]:
    """Return the facts that firm statements of the card establish for a request of `template_id`.

    What must be checked again, or is not certain, establishes nothing here: conditions find errors, and an
    old copy of a declaration must not stop a lawful request. `card_findings` warns of it.
    """
    facts: dict[str, object] = {}
    requirements = card.extra_requirements
    if requirements is not None and requirements.is_firm:
        for path, template in (
            ("card.extra_requirements_for_template", template_id),
            ("card.surrender_requirements", SURRENDER),
        ):
            if template in requirements.value or requirements.complete:
                facts[path] = template in requirements.value
    for path, statement in (
        ("card.search_requires_judicial_grounds", card.search_requires_judicial_grounds),
        ("card.on_list_103_1", card.on_list_103_1),
    ):
        if statement is not None and statement.is_firm:
            facts[path] = statement.value
    languages, language = card.languages_on(today), values.get("language")
    if languages is not None and languages.is_firm and isinstance(language, str):
        facts["language_accepted_by_addressee"] = languages.accepts(language)
    return facts
