"""What is known around a request when it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from policies.requests.check.states import StateStatus, former_parties, status_of
from policies.requests.templates.evaluate import as_date


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the request itself does not say.

    `today` is the day of the check. `facts` are by path, as `card.on_list_103_1` from the State's country
    card or `language_accepted_by_addressee`; what is not there is not known, and the conditions say what then
    holds.
    """

    today: date
    facts: Mapping[str, object] = {}


def known_facts(template_id: str, values: Mapping[str, object], context: Context) -> dict[str, object]:
    """Return the facts of the context, and those that follow from the request and the policy's own data.

    These are the status of the requested State, whether proceedings began before its withdrawal took effect,
    and whether the Court, asked by a State (T18), accepts the language: English or French (rule 194(1)).
    """
    facts: dict[str, object] = {}
    state = values.get("requested_state")
    status = status_of(state) if isinstance(state, str) else None
    if status is not None:
        facts["state_status"] = status.value
    if status is StateStatus.WITHDRAWN and isinstance(state, str):
        begun = as_date(values.get("proceedings_commenced_on"))
        if begun is not None:
            facts["proceedings_before_withdrawal"] = begun < former_parties()[state].withdrawn_on
    if template_id == "T18" and isinstance(values.get("language"), str):
        facts["language_accepted_by_addressee"] = values["language"] in ("en", "fr")
    return facts | dict(context.facts)
