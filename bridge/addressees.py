"""Who receives a request: the attested focal points of the State that is asked."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.errors import AddresseeRefused
from policies.network.load import load_network
from policies.network.roles import RoleCode
from policies.requests.draft import Draft
from policies.requests.templates.registry import packaged_templates
from policies.trust.attestation import Attestation


def find_addressees(draft: Draft, attestations: Iterable[Attestation]) -> tuple[str, ...]:
    """Return the focal points of the requested State attested for the request's theme, else for the State.

    `attestations` are those that hold. The theme is that of the request's priority, of its template where it
    names none. Raises AddresseeRefused when there is nobody, TemplateUnknown.
    """
    state = draft.common.get("requested_state")
    of_state = [
        each
        for each in attestations
        if each.function == RoleCode.FOCAL_POINT and each.state is not None and each.state == state
    ]
    theme = _theme(draft)
    for_theme = [each for each in of_state if theme in each.themes]
    found = tuple(sorted({each.user_id for each in for_theme or of_state}))
    if not found:
        raise AddresseeRefused(
            "The request was not issued: there is nobody to receive it.",
            why=f"No focal point of {state or 'the addressee'} is attested.",
            remedy="See `rogatory who STATE`; ask the regional authority to attest who answers for it.",
        )
    return found


def _theme(draft: Draft) -> str:
    template = packaged_templates().find(draft.template)
    usual = template.priorities[0].value if template.priorities else ""
    priority = draft.common.get("priority", usual)
    by_priority = {theme.priority_code: theme.code for theme in load_network().themes.values()}
    return by_priority.get(priority if isinstance(priority, str) else usual, "")
