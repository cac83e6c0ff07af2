"""The wire format of a request: what stands in the encrypted event that carries it (design section 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from policies.requests.body import readable_body
from policies.requests.court_request import VERSION, CourtRequest, new_request_id
from policies.requests.errors import DraftInvalid, RequestMalformed, RequestTooLarge
from policies.requests.verdict import CONTENT_KEY, Verdict, decode_request, verify_request
from policies.trust import canonical_json
from policies.trust.signing import SigningKey, sign_object
from policies.trust.times import whole_utc
from policies.trust.unpadded_base64 import unpadded_base64

__all__ = [
    "CONTENT_KEY",
    "LARGEST_CONTENT",
    "CourtRequest",
    "Verdict",
    "compose_request",
    "new_request_id",
    "read_request",
    "verify_request",
]

LARGEST_CONTENT = 44 * 1024
"""Bytes of content, as canonical JSON. Encrypted it grows by a third, and an event may have 65,536 bytes with
its envelope (Matrix specification, size limits). Larger ones need an attachment, which is not built yet."""


def compose_request(
    *,
    id: str,
    template: str,
    room_id: str,
    issued_at: datetime,
    common: Mapping[str, object],
    fields: Mapping[str, object],
    key: SigningKey,
    organ: str,
) -> dict[str, object]:
    """Return the whole content of the `m.room.message` that issues a request, signed by `organ` with `key`.

    `issued_at` is an aware time; its fraction of a second is cut off. Raises DraftInvalid when the request
    could not be verified afterwards, RequestTooLarge when it does not fit, CanonicalJsonError when a value
    cannot be signed.
    """
    if common.get("originator") != organ:
        raise DraftInvalid(
            f"{organ} cannot sign this request.",
            why=f"Its originator is {common.get('originator')!r}, and a request is signed by its originator.",
            remedy=f"Set originator to {organ}, or issue it from the organ that it names.",
        )
    draft = CourtRequest(
        v=VERSION,
        id=id,
        template=template,
        room_id=room_id,
        issued_at=whole_utc(issued_at),
        common=dict(common),
        fields=dict(fields),
    )
    body = readable_body(draft)
    canonical_json.encode([draft.common, draft.fields])  # names what cannot be signed, by its path
    request = canonical_json.from_struct(msgspec.structs.replace(draft, body_sha256=body_sha256(body)))
    request.pop("signatures")
    content: dict[str, object] = {
        "msgtype": "m.notice",
        "body": body,
        CONTENT_KEY: sign_object(request, organ, key),
    }
    _check_size(content)
    return content


def read_request(content: Mapping[str, object]) -> CourtRequest | None:
    """Return the request in an event's content, unverified, or None when there is none that can be read.

    What is wrong with one that cannot be read, `verify_request` says.
    """
    try:
        return decode_request(content)
    except RequestMalformed:
        return None


def body_sha256(body: str) -> str:
    """Return the hash that binds the readable text to the signed object."""
    return unpadded_base64(hashlib.sha256(body.encode()).digest())


def _check_size(content: Mapping[str, object]) -> None:
    size = len(canonical_json.encode(content))
    if size > LARGEST_CONTENT:
        raise RequestTooLarge(
            "The request is too large to be sent.",
            why=f"It has {size} bytes with its text, and an encrypted event holds {LARGEST_CONTENT}.",
            remedy="Move long texts into documents, and name those in the request. Nothing is ever cut off.",
        )
