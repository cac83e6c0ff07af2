"""Who receives a request."""

from __future__ import annotations

import msgspec
import pytest

from bridge.addressees import find_addressees
from bridge.errors import AddresseeRefused
from policies.trust.attestation import Attestation
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import ATTESTATION, FOCAL_POINT


def attested(name: str, **changes: object) -> Attestation:
    user_id = f"@{name}:africa.rogatory.test"
    return msgspec.structs.replace(ATTESTATION, **{"user_id": user_id, **changes})


GENERALIST = attested("sen.general", themes=("witnesses",))
OTHERS = (
    attested("gha", state="GHA"),
    attested("moderator", function="moderator"),
    attested("court", function="court", state=None),
)


def test_those_of_the_theme_come_before_those_of_the_state() -> None:
    """Attested for the request's theme, else for the State: nobody of another State or function."""
    assert find_addressees(sample_draft(), [*OTHERS, GENERALIST, ATTESTATION]) == (FOCAL_POINT,)
    assert find_addressees(sample_draft(), [*OTHERS, GENERALIST]) == (GENERALIST.user_id,)


def test_the_priority_of_the_request_says_the_theme() -> None:
    """A request under another priority goes to those of that theme."""
    draft = sample_draft()
    draft = msgspec.structs.replace(draft, common={**draft.common, "priority": "P3"})
    witnesses = attested("sen.arrest", themes=("arrest",))
    found = find_addressees(draft, [ATTESTATION, witnesses])
    assert found == (witnesses.user_id,)


def test_a_state_without_a_focal_point_is_told() -> None:
    """Where nobody is attested for the State nothing is issued, and the error names it."""
    with pytest.raises(AddresseeRefused, match="No focal point of SEN"):
        find_addressees(sample_draft(), OTHERS)
