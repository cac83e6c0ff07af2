from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from client.session.attestations import Attestations
from client.session.foreign_json import decode
from policies.trust.errors import CanonicalJsonError
from policies.trust.signing import sign_object
from tests.client.session.attesting import AUTHORITIES, BOB, MANIFEST, attested, state_event
from tests.client.session.hostile.fuzzer import Fuzzer
from tests.client.session.hostile.spelling import write

_KEY = "8bYP/Ig0P9NXLHH7yqsQPnYGXlTMCmoMfmlKcZvmZ0o"


def test_no_attestation_stops_whoever_judges_it() -> None:
    """2,000 spoilt attestations, many signed by the authority, are believed or doubted and do no harm."""
    fuzzer = Fuzzer(20261123)
    believed = doubted = 0
    for _ in range(2_000):
        good = {name: value for name, value in attested(_KEY).items() if name != "signatures"}
        try:
            content: Any = decode(write(fuzzer.spoilt(good)), type=dict[str, Any])
        except msgspec.DecodeError:
            continue
        with contextlib.suppress(CanonicalJsonError):  # what cannot be signed is judged unsigned
            content = sign_object(content, "weog", AUTHORITIES["weog"])
        attestations = Attestations(MANIFEST)
        attestations.learn("!room", [state_event(content)])
        standing = attestations.standing(BOB, _KEY)
        believed += standing.attestation is not None
        doubted += standing.doubt is not None
    assert believed > 50  # what was added says nothing that matters
    assert doubted > 500
