"""Who a request goes to: the attested focal points of the requested State."""

from __future__ import annotations

from collections.abc import Iterable

from policies.network.errors import NetworkPolicyError
from policies.network.network import Network
from policies.network.roles import RoleCode
from policies.requests.draft import Draft
from policies.trust.attestation import Attestation


def addressees_of(draft: Draft, attestations: Iterable[Attestation], network: Network) -> tuple[str, ...]:
    """Return the user ids of the focal points of the draft's requested State, in order.

    Those who hold the theme of its priority; when nobody does, all of that State's, who then find the
    competent colleague. `attestations` are those that hold. Empty when nobody is attested.
    """
    state = draft.common.get("requested_state")
    theirs = [each for each in attestations if each.function == RoleCode.FOCAL_POINT and each.state == state]
    theme = _theme(draft, network)
    competent = [each for each in theirs if theme in each.themes]
    return tuple(sorted({each.user_id for each in competent or theirs}))


def _theme(draft: Draft, network: Network) -> str | None:
    try:
        return network.theme(str(draft.common.get("priority"))).code
    except NetworkPolicyError:
        return None
