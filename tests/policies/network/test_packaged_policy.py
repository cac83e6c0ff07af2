"""The policy that the package brings."""

from __future__ import annotations

import pytest

from policies.network.development import development_roster, development_server_names
from policies.network.errors import UnknownRegionCode, UnknownState, UnknownTheme
from policies.network.load import load_network
from policies.network.regions import PartyStatus
from policies.network.roles import RoleCode

NETWORK = load_network()


def test_the_groups_have_their_125_states() -> None:
    """The five groups have 33, 19, 20, 28 and 25 States Parties, and the Court's node has none."""
    counts = {code: len(region.states) for code, region in NETWORK.regions.items()}
    assert counts == {
        "court": 0,
        "africa": 33,
        "asia-pacific": 19,
        "eastern-europe": 20,
        "grulac": 28,
        "weog": 25,
    }


def test_groups_have_the_assemblys_codes() -> None:
    """Each region knows the code of the Assembly's group; the Court's node has no group."""
    groups = [region.group for region in NETWORK.regions.values()]
    assert groups == [None, "AFR", "APG", "EEG", "GRULAC", "WEOG"]


def test_what_is_doubtful_says_so() -> None:
    """Exactly the States whose status is in doubt carry another status than party, each with its doubt."""
    doubtful = {
        alpha3: state.status
        for region in NETWORK.regions.values()
        for alpha3, state in region.states.items()
        if state.doubt
    }
    assert doubtful == {
        "BFA": PartyStatus.WITHDRAWAL_ANNOUNCED,
        "MLI": PartyStatus.WITHDRAWAL_ANNOUNCED,
        "NER": PartyStatus.WITHDRAWAL_ANNOUNCED,
        "HUN": PartyStatus.UNCERTAIN,
        "VEN": PartyStatus.TO_CHECK,
    }


def test_themes_are_the_seven_priorities_in_order() -> None:
    """The themes are P1 to P7, and each has its short room code."""
    assert [(theme.priority_code, theme.code) for theme in NETWORK.themes.values()] == [
        ("P1", "procedures"),
        ("P2", "evidence"),
        ("P3", "arrest"),
        ("P4", "assets"),
        ("P5", "agreements"),
        ("P6", "diplomatic"),
        ("P7", "inter-state"),
    ]


def test_look_ups_find_and_name_the_nearest() -> None:
    """A region, State or theme is found by its code; a near miss is told the nearest one."""
    assert NETWORK.region("africa").title.fr == "États d'Afrique"
    assert NETWORK.theme("P4") is NETWORK.theme("assets")
    region, state = NETWORK.state_party("SEN")
    assert (region.code, state.fr) == ("africa", "Sénégal")
    with pytest.raises(UnknownRegionCode, match="Did you mean 'africa'"):
        NETWORK.region("afrca")
    with pytest.raises(UnknownTheme, match="Did you mean 'assets'"):
        NETWORK.theme("asets")
    with pytest.raises(UnknownState, match="Did you mean 'SEN'"):
        NETWORK.state_party("sen")


def test_the_development_roster_is_one_account_per_role() -> None:
    """Each region has a focal point, a moderator, a steward and an operator; the Court an organ instead."""
    roster = development_roster(NETWORK, development_server_names(NETWORK))
    names = {account.user_id for account in roster}
    assert len(names) == len(roster) == 3 + 5 * 4
    assert {
        "@otp:court.rogatory.test",
        "@steward:court.rogatory.test",
        "@sen.focal-point.1:africa.rogatory.test",
        "@kor.focal-point.1:asia-pacific.rogatory.test",
        "@moderator.1:weog.rogatory.test",
        "@operator:grulac.rogatory.test",
    } <= names


def test_a_focal_point_holds_a_state_of_its_region_and_all_themes() -> None:
    """In the development network a focal point is of a State of its own region, for every theme."""
    for account in development_roster(NETWORK, development_server_names(NETWORK)):
        if account.role is RoleCode.FOCAL_POINT:
            assert account.state in NETWORK.region(account.region).states
            assert len(account.themes) == 7


def test_a_roster_of_fewer_regions_has_no_account_elsewhere() -> None:
    """Accounts come only from the servers that are named, and an unknown region is an error."""
    roster = development_roster(NETWORK, {"court": "court.example", "weog": "weog.example"})
    assert {account.server_name for account in roster} == {"court.example", "weog.example"}
    with pytest.raises(UnknownRegionCode):
        development_roster(NETWORK, {"atlantis": "atlantis.example"})
