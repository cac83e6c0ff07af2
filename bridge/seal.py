"""Which requests nobody may learn of by the way: those under seal, and secret ones."""

from __future__ import annotations

from policies.requests.draft import Draft
from policies.requests.templates.kinds import Confidentiality

OPEN_LEVELS = (Confidentiality.PUBLIC, Confidentiality.CONFIDENTIAL)
"""The levels at which the existence of a request may be known to whoever may read the register."""


def is_sealed(draft: Draft) -> bool:
    """Tell whether a request is under seal; one whose level is missing or unknown counts as such."""
    return draft.common.get("confidentiality") not in OPEN_LEVELS
