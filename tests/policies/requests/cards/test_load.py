"""The packaged cards, and what a card with a mistake in it says."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from policies.network.errors import (
    MissingKey,
    NetworkPolicyError,
    UnknownKey,
    UnknownReference,
    WrongValue,
)
from policies.requests.cards.card import CountryCard
from policies.requests.cards.load import card_for, packaged_card, read_card
from policies.requests.cards.statement import Audience

PACKAGED = sorted(file.name for file in files("policies").joinpath("data", "cards").iterdir())
DECLARED = "ALB AND CHE COL DEU GBR GEO GMB GRC ISL ITA JPN LVA MKD NLD NOR NZL PAN POL SVN SWE TLS"


def test_every_state_of_which_something_is_known_has_a_card() -> None:
    """Each State with a known declaration or agreement has a file, and no other State has."""
    assert [name.removesuffix(".toml") for name in PACKAGED] == DECLARED.split()


@pytest.mark.parametrize("name", PACKAGED)
def test_every_packaged_statement_says_where_it_is_to_be_checked_again(name: str) -> None:
    """What was copied at second hand has its source, its date, and the place where it must be checked."""
    card = packaged_card(name.removesuffix(".toml"))
    assert card is not None
    statements = list(card.statements())
    assert statements
    for _, statement in statements:
        assert statement.source
        assert statement.recheck_at
        assert not statement.is_firm
        assert re.match(r"20\d\d", statement.date)


def test_what_is_not_known_is_not_there() -> None:
    """A Party without a file, a former one too, has an empty card; what is no Party has none."""
    for state in ("SEN", "BDI"):
        card = packaged_card(state)
        assert card is not None
        assert list(card.statements()) == []
    assert packaged_card("USA") is None
    assert card_for({"requested_state": "IGO-UN"}) is None
    assert card_for({}) is None


@pytest.mark.parametrize(
    ("state", "channels", "languages", "translations"),
    [
        ("CHE", ["DESIGNATED_AUTHORITY"], ["fr", "de", "it"], []),
        ("DEU", ["DIPLOMATIC", "DESIGNATED_AUTHORITY"], ["de"], []),
        ("ITA", ["DIPLOMATIC"], ["it"], ["fr"]),
        ("JPN", ["DIPLOMATIC"], ["en"], ["ja"]),
    ],
)
def test_declarations_are_as_they_were_copied(
    state: str, channels: list[str], languages: list[str], translations: list[str]
) -> None:
    """Channel, languages and the translation that must go with them are those of the declaration."""
    card = packaged_card(state)
    assert card is not None
    assert [each.value for each in card.channel[0].value] == channels
    assert list(card.language[0].value) == languages
    assert list(card.language[0].with_translation_into) == translations


CARD = """
[[channel]]
value = ["DIPLOMATIC"]
source = "x"
date = "2009"
confidence = "HIGH"

[[language]]
value = ["fr"]
source = "x"
date = "2009-01"
confidence = "HIGH"
"""


@pytest.mark.parametrize(
    ("name", "old", "new", "error", "names", "remedy"),
    [
        ("SEN", "[[channel]]", "[[chanel]]", UnknownKey, "chanel", "'channel'"),
        ("SEN", '"DIPLOMATIC"', '"DIPLOMATC"', WrongValue, "channel[0].value[0]", "'DIPLOMATIC'"),
        ("SEN", '"HIGH"', '"HIHG"', WrongValue, "channel[0].confidence", "'HIGH'"),
        ("SEN", 'source = "x"\n', "", MissingKey, "channel[0].source", "Add"),
        ("SEN", 'source = "x"', 'sorce = "x"', UnknownKey, "channel[0].sorce", "'source'"),
        ("SEN", '"2009"', '"soon"', WrongValue, "channel[0].date", "kind"),
        ("SEN", '["fr"]', '["xx"]', UnknownReference, "language[0].value", "Choose one of"),
        ("SEN", '["fr"]', "[]", WrongValue, "languages names none", "Correct"),
        ("SNE", "", "", UnknownReference, "SNE", "'S"),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, name: str, old: str, new: str, error: type[NetworkPolicyError], names: str, remedy: str
) -> None:
    """The error says which card, which key, and what would be right."""
    file = tmp_path / f"{name}.toml"
    file.write_text(CARD.replace(old, new, 1))
    with pytest.raises(error) as caught:
        read_card(file)
    assert f"{name}.toml" in caught.value.what
    assert names in f"{caught.value.what} {caught.value.why}"
    assert remedy in caught.value.remedy


def test_the_card_of_the_mistakes_is_right_without_them(tmp_path: Path) -> None:
    """Unchanged, the same text is a card, so each mistake above is what its error comes from."""
    file = tmp_path / "SEN.toml"
    file.write_text(CARD)
    assert read_card(file).state == "SEN"


def test_what_a_state_keeps_to_the_court_is_shown_to_nobody_else() -> None:
    """Region and network see only what the State lets them see."""
    statement = '[nexus_required]\nvalue = "YES"\nsource = "x"\ndate = "2026"\nconfidence = "HIGH"\n'
    by_audience = {
        audience: msgspec.convert(
            tomllib.loads(f'{statement}shown_to = "{audience}"\n') | {"state": "SEN"}, CountryCard
        )
        for audience in Audience
    }
    seen = {
        (shown, viewer): by_audience[shown].shown_to(viewer).nexus_required is not None
        for shown in Audience
        for viewer in Audience
    }
    order = [Audience.COURT_ONLY, Audience.REGION, Audience.NETWORK]
    assert all(seen[shown, viewer] == (order.index(viewer) <= order.index(shown)) for shown, viewer in seen)
