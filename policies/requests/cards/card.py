"""A State's card: all statements that are known of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TypeVar

import msgspec

from policies.network.regions import Alpha3
from policies.requests.cards.statement import (
    Agreement,
    Audience,
    Channels,
    Contribution,
    Languages,
    Nexus,
    Requirements,
    Statement,
    TakingEffect,
    Text,
    YesOrNo,
)

_Effect = TypeVar("_Effect", bound=TakingEffect)
_WIDTH = {Audience.COURT_ONLY: 0, Audience.REGION: 1, Audience.NETWORK: 2}


class CountryCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a State; its code is the name of its file. What is not there is not known.

    `channel` and `language` are in the order in which they were stated: the last one that has taken effect
    counts (rule 180(2)). Focal points are not here: the regions attest them.
    """

    state: Alpha3
    channel: tuple[Channels, ...] = ()
    language: tuple[Languages, ...] = ()
    extra_requirements: Requirements | None = None
    search_requires_judicial_grounds: YesOrNo | None = None
    nexus_required: Nexus | None = None
    order_of_contribution: Contribution | None = None
    on_list_103_1: YesOrNo | None = None
    agreements: tuple[Agreement, ...] = ()
    implementing_law: Text | None = None
    internal_routing: Text | None = None
    freezing_procedure: Text | None = None

    def channels_on(self, day: date) -> Channels | None:
        """Return the channels that hold on a day, or None if nothing is known."""
        return _in_force(self.channel, day)

    def languages_on(self, day: date) -> Languages | None:
        """Return the languages that hold on a day, or None if nothing is known."""
        return _in_force(self.language, day)

    def statements(self) -> Iterator[tuple[str, Statement]]:
        """Yield every statement with its key."""
        for name in self.__struct_fields__:
            held = getattr(self, name)
            for each in held if isinstance(held, tuple) else (held,):
                if isinstance(each, Statement):
                    yield name, each

    def shown_to(self, audience: Audience) -> CountryCard:
        """Return the card as an audience may see it: what its State keeps to fewer is left out."""
        kept: dict[str, object] = {}
        for name in self.__struct_fields__:
            held = getattr(self, name)
            if isinstance(held, tuple):
                kept[name] = tuple(each for each in held if _may_see(audience, each))
            elif isinstance(held, Statement):
                kept[name] = held if _may_see(audience, held) else None
        return msgspec.structs.replace(self, **kept)


def _may_see(audience: Audience, statement: Statement) -> bool:
    return _WIDTH[statement.shown_to] >= _WIDTH[audience]


def _in_force(stated: tuple[_Effect, ...], day: date) -> _Effect | None:
    holding = [each for each in stated if each.effective_from is None or each.effective_from <= day]
    return holding[-1] if holding else None
