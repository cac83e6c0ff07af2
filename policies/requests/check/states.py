"""Which codes name a State, and what is known of it as a Party."""

from __future__ import annotations

import datetime
import enum
from functools import cache
from importlib.resources import files

import msgspec

from policies.network.load import load_regions
from policies.network.regions import Alpha3, PartyStatus, StateParty
from policies.typed_toml import read_toml, read_toml_by_code


class StateStatus(enum.StrEnum):
    """What conditions call the status of a State."""

    PARTY = "PARTY"
    PARTY_ANNOUNCED_WITHDRAWAL = "PARTY_ANNOUNCED_WITHDRAWAL"
    PARTY_CHECK = "PARTY_CHECK"
    UNCERTAIN = "UNCERTAIN"
    WITHDRAWN = "WITHDRAWN"
    NON_PARTY = "NON_PARTY"


_STATUS = {
    PartyStatus.PARTY: StateStatus.PARTY,
    PartyStatus.WITHDRAWAL_ANNOUNCED: StateStatus.PARTY_ANNOUNCED_WITHDRAWAL,
    PartyStatus.TO_CHECK: StateStatus.PARTY_CHECK,
    PartyStatus.UNCERTAIN: StateStatus.UNCERTAIN,
}


class IsoCodes(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of States and territories (ISO 3166-1 alpha-3) and of languages (ISO 639-1)."""

    states: tuple[Alpha3, ...]
    languages: tuple[str, ...]


class FormerParty(msgspec.Struct, frozen=True, kw_only=True):
    """A State that has left the Statute, and when that took effect. `doubt` says what is not certain."""

    code: str
    en: str
    fr: str
    withdrawn_on: datetime.date
    doubt: str | None = None


@cache
def iso_codes() -> IsoCodes:
    """Return the packaged codes, read once a process."""
    return read_toml(files("policies").joinpath("data", "iso_codes.toml"), IsoCodes)


@cache
def former_parties() -> dict[str, FormerParty]:
    """Return the former Parties by their codes, read once a process."""
    return read_toml_by_code(files("policies").joinpath("data", "former_parties.toml"), FormerParty)


def status_of(code: str) -> StateStatus | None:
    """Return what is known of a State by its code of three letters; None where the code names none."""
    for region in load_regions().values():
        if (party := region.states.get(code)) is not None:
            return _STATUS[party.status]
    if code in former_parties():
        return StateStatus.WITHDRAWN
    return StateStatus.NON_PARTY if code in iso_codes().states else None


def state_names() -> frozenset[str]:
    """Return the names of all Parties, present and former, in English and French."""
    parties: list[StateParty | FormerParty] = list(former_parties().values())
    for region in load_regions().values():
        parties += region.states.values()
    return frozenset(name for party in parties for name in (party.en, party.fr))
