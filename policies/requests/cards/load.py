"""Reads country cards, each when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from policies.network.load import load_regions
from policies.requests.cards.card import CountryCard
from policies.requests.check.states import former_parties, iso_codes
from policies.requests.templates.references import refer
from policies.typed_toml import read_toml


@cache
def packaged_card(state: str) -> CountryCard | None:
    """Return the packaged card of a Party, present or former, by its code of three letters.

    A Party of which nothing is known has an empty card; what is no Party has none. Raises NetworkPolicyError.
    """
    if state not in _parties():
        return None
    file = files("policies").joinpath("data", "cards", f"{state}.toml")
    return read_card(file) if file.is_file() else CountryCard(state=state)


def card_for(values: Mapping[str, object]) -> CountryCard | None:
    """Return the packaged card of the State that a request asks, or None. Raises NetworkPolicyError."""
    state = values.get("requested_state")
    return packaged_card(state) if isinstance(state, str) else None


def read_card(file: Traversable) -> CountryCard:
    """Read a card; its file bears the State's code. Raises NetworkPolicyError: file, key, the nearest key."""
    state = file.name.removesuffix(".toml")
    refer(file.name, "its name", state, _parties())
    card = read_toml(file, CountryCard, state=state)
    for index, stated in enumerate(card.language):
        for name in ("value", "with_translation_into"):
            for language in getattr(stated, name):
                refer(file.name, f"language[{index}].{name}", language, iso_codes().languages)
    return card


@cache
def _parties() -> frozenset[str]:
    present = {code for region in load_regions().values() for code in region.states}
    return frozenset(present | former_parties().keys())
