"""What the checks of one value may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import msgspec

from policies.network.titles import Title
from policies.requests.check.reasons import Reasons
from policies.requests.templates.check_table import Check
from policies.requests.templates.evaluate import Scope
from policies.requests.templates.field import Field


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """One value's surroundings: its label, its field (None for a detail of an answer), the whole request."""

    label: Title
    field: Field | None
    scope: Scope
    today: date
    reasons: Reasons


ValueCheck = Callable[[Check, object, Situation], Iterator[Title]]
"""One kind of check: yields what is wrong with a value. What has another shape is none of its business."""
