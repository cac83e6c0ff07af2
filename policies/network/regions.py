"""The regions: the Court's node, and the five regional groups with their States Parties."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated

import msgspec

from policies.network.titles import Title

Alpha3 = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
"""A State's code, ISO 3166-1 alpha-3."""

COURT = "court"
"""The code of the Court's node."""


class PartyStatus(enum.StrEnum):
    """What is known of a State as a Party to the Rome Statute."""

    PARTY = "party"
    WITHDRAWAL_ANNOUNCED = "withdrawal-announced"
    UNCERTAIN = "uncertain"
    TO_CHECK = "to-check"


class StateParty(msgspec.Struct, frozen=True, kw_only=True):
    """A State: its names, and its status as a claim made on a date.

    `doubt` says what is not certain about the status. `status_checked_on` is None where the date of the
    region's whole list holds.
    """

    en: str
    fr: str
    status: PartyStatus = PartyStatus.PARTY
    doubt: str | None = None
    remark: str | None = None
    in_force_from: datetime.date | None = None
    status_checked_on: datetime.date | None = None

    def __post_init__(self) -> None:
        if self.status is not PartyStatus.PARTY and self.doubt is None:
            raise ValueError(f"{self.en} is '{self.status}' without a doubt that says why")


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """One node's region: a regional group with its States, or the Court, which has neither.

    `code` is the name of its file, its folder and its server; `group` the code of the Assembly's group.
    """

    code: str
    order: int
    title: Title
    group: str | None = None
    status_checked_on: datetime.date | None = None
    states: dict[Alpha3, StateParty] = {}

    @property
    def is_court(self) -> bool:
        """Whether this is the Court's node."""
        return self.code == COURT

    def __post_init__(self) -> None:
        if self.states and self.status_checked_on is None:
            raise ValueError("States are listed without status_checked_on, the date of that claim")
