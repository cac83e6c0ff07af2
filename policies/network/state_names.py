"""Finding a State by what a person types: its code, or its name in English or French."""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches

from policies.network.errors import UnknownState
from policies.network.network import Network


def find_state(network: Network, word: str) -> str:
    """Return the ISO 3166-1 alpha-3 code of the State Party that `word` names, as SEN, sen or Sénégal.

    Raises UnknownState, naming the nearest.
    """
    known: dict[str, tuple[str, str]] = {}
    for region in network.regions.values():
        for code, state in region.states.items():
            known |= {_folded(name): (code, name) for name in (state.en, state.fr, code)}
    if (found := known.get(_folded(word))) is not None:
        return found[0]
    near = get_close_matches(_folded(word), known, n=1)
    raise UnknownState(
        f"There is no State Party '{word}'.",
        why="States are named by their ISO 3166-1 alpha-3 codes, as SEN, or by their names.",
        remedy=f"Did you mean '{known[near[0]][1]}' ({known[near[0]][0]})?"
        if near
        else "Give the State's code.",
    )


def _folded(text: str) -> str:
    """Return a name without case and accents, which people leave out."""
    split = unicodedata.normalize("NFD", text.strip().casefold())
    return "".join(character for character in split if not unicodedata.combining(character))
