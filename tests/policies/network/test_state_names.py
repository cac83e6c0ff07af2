"""A State is found by whatever a person types for it."""

from __future__ import annotations

import pytest

from policies.network.errors import UnknownState
from policies.network.load import load_network
from policies.network.state_names import find_state

NETWORK = load_network()


@pytest.mark.parametrize("word", ["SEN", "sen", "Senegal", " Sénégal ", "SENEGAL"])
def test_a_code_or_a_name_in_either_language_will_do(word: str) -> None:
    """Code and names, with or without case and accents, lead to the same State."""
    assert find_state(NETWORK, word) == "SEN"


@pytest.mark.parametrize(("word", "nearest"), [("Sengal", "SEN"), ("Senegall", "SEN"), ("Belgum", "BEL")])
def test_a_misspelt_state_names_the_nearest(word: str, nearest: str) -> None:
    """A word that names no State Party is wrong usage, and the nearest is named."""
    with pytest.raises(UnknownState) as caught:
        find_state(NETWORK, word)
    assert f"({nearest})" in caught.value.remedy
    assert caught.value.exit_code == 2


def test_what_is_like_no_state_is_said_so() -> None:
    """Far from every name, the remedy is to give the code, not a list of 125 of them."""
    with pytest.raises(UnknownState) as caught:
        find_state(NETWORK, "xyzzyqq")
    assert len(caught.value.remedy) < 40
