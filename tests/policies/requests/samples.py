"""The packaged sample as a request, signed by the test network's OTP."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.resources import files
from typing import Any

from policies.requests.draft import Draft, read_draft
from policies.requests.wire import compose_request
from policies.trust.signing import SigningKey
from tests.policies.trust.networks import NOW, OTP

ROOM = "!request:court.rogatory.test"
SAMPLE = files("policies").joinpath("data", "sample_request.toml").read_text()
ID = "ROG-2026-7KQ4XM"


def sample_draft() -> Draft:
    return read_draft(SAMPLE)


def sample_content(
    *, key: SigningKey = OTP, organ: str = "OTP", issued_at: datetime = NOW, **common: object
) -> dict[str, Any]:
    """The content as it comes from the wire; `common` replaces values of the common part."""
    draft = sample_draft()
    content = compose_request(
        id=ID,
        template=draft.template,
        room_id=ROOM,
        issued_at=issued_at,
        common={**draft.common, **common},
        fields=draft.fields,
        key=key,
        organ=organ,
    )
    received: dict[str, Any] = json.loads(json.dumps(content))
    return received
