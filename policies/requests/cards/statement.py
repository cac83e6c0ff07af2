"""A statement on a country card: a value with its source, its date and how far it may be relied on."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated

import msgspec

from policies.network.titles import Title
from policies.requests.templates.template import TemplateId

AsOf = Annotated[str, msgspec.Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
"""The day, the month or only the year for which a source says something: 2009, 2020-12, 2026-11-23."""

Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
"""A language, ISO 639-1."""


class Confidence(enum.StrEnum):
    """How far a statement may be relied on."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Audience(enum.StrEnum):
    """Who may see a statement, as a State says in its answer (T19, `publish_to`)."""

    COURT_ONLY = "COURT_ONLY"
    REGION = "REGION"
    NETWORK = "NETWORK"


class DesignatedChannel(enum.StrEnum):
    """The channels of article 87(1)(a). Others, as INTERPOL (87(1)(b)), need no designation."""

    DIPLOMATIC = "DIPLOMATIC"
    DESIGNATED_AUTHORITY = "DESIGNATED_AUTHORITY"


class NexusRequired(enum.StrEnum):
    """Whether national law asks for a link between an asset and the crime before it is frozen."""

    YES = "YES"
    NO = "NO"
    DISPUTED = "DISPUTED"
    NO_LAW = "NO_LAW"


class ContributionLaw(enum.StrEnum):
    """Whether national law can execute an order of contribution."""

    LAW_EXISTS = "LAW_EXISTS"
    NO_LAW = "NO_LAW"
    UNCLEAR = "UNCLEAR"


class AgreementKind(enum.StrEnum):
    """What an agreement with the Court is about: the codes of T16, and the Agreement on Privileges."""

    APIC = "APIC"
    WITNESS_RELOCATION = "WITNESS_RELOCATION"
    INTERIM_RELEASE = "INTERIM_RELEASE"
    FINAL_RELEASE_ACQUITTAL = "FINAL_RELEASE_ACQUITTAL"
    FINAL_RELEASE_SENTENCE_SERVED = "FINAL_RELEASE_SENTENCE_SERVED"
    ENFORCEMENT_OF_SENTENCE = "ENFORCEMENT_OF_SENTENCE"


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all statements have; each kind adds its `value`.

    `source` says who said it and where it was read, `date` for when. `recheck_at` says where it must be
    checked again before it is relied on; None where that is not needed.
    """

    source: Annotated[str, msgspec.Meta(min_length=1)]
    date: AsOf
    confidence: Confidence
    recheck_at: str | None = None
    note: Title | None = None
    shown_to: Audience = Audience.NETWORK

    @property
    def is_firm(self) -> bool:
        """Whether a check may find an error in what contradicts it; otherwise it only warns."""
        return self.confidence is Confidence.HIGH and self.recheck_at is None


class TakingEffect(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement that a later one may change; a change holds from a day on (rule 180(2))."""

    effective_from: datetime.date | None = None


class Channels(TakingEffect, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The channels that the State has designated (article 87(1)(a)), and the authority behind them."""

    value: tuple[DesignatedChannel, ...]
    authority: Title | None = None

    def __post_init__(self) -> None:
        if not self.value:
            raise ValueError("a statement of channels names none")


class Languages(TakingEffect, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The languages that the State accepts (article 87(2)).

    `with_translation_into`: a translation into one of these must accompany the request all the same.
    """

    value: tuple[Language, ...]
    with_translation_into: tuple[Language, ...] = ()

    def __post_init__(self) -> None:
        if not self.value:
            raise ValueError("a statement of languages names none")

    def accepts(self, language: str) -> bool:
        """Tell whether a request in `language` needs no translation."""
        return language in self.value and not self.with_translation_into


class YesOrNo(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something is so, or is not."""

    value: bool


class Nexus(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What freezing needs."""

    value: NexusRequired


class Contribution(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of an order of contribution."""

    value: ContributionLaw


class Requirements(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What national law asks beyond the Statute, by template (articles 91(2)(c), 91(4), 96(2)(e), 96(3)).

    `complete`: what is not listed is not asked for.
    """

    value: dict[TemplateId, str]
    complete: bool = False


class Agreement(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agreement with the Court in force."""

    value: AgreementKind


class Text(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something said in words."""

    value: Annotated[str, msgspec.Meta(min_length=1)]
