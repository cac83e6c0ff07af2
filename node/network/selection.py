"""Which regions' nodes a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from node.errors import UnknownRegion

COURT = "court"
"""The Court's node: every network has it."""


def selected_regions(option: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """Read `--regions africa,weog` against the `known` regions; the Court's node always comes first.

    Without the option, all of them. Raises UnknownRegion, naming the nearest.
    """
    if option is None:
        return (COURT, *(region for region in known if region != COURT))
    wanted = [part.strip() for part in option.split(",") if part.strip()]
    for region in wanted:
        if region not in known:
            nearest = get_close_matches(region, known, n=1)
            raise UnknownRegion(
                f"There is no region '{region}'.",
                why=f"The policy has {', '.join(known)}.",
                remedy=f"Did you mean '{nearest[0]}'?" if nearest else "Name regions as the policy does.",
            )
    return (COURT, *(region for region in known if region in wanted and region != COURT))
