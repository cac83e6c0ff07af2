"""Leaves in a signed object only what its signature binds, so that no byte of it can be another.

Names of keys are outside of what is signed. Where the manifest gives the name, it binds it; the root and
answer keys are known by the key itself, and get one name here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from policies.requests.case.answer import ANSWER_KEY, SignedAnswer
from policies.requests.case.received import Received
from policies.requests.case.standing import Standing
from policies.requests.case.step import EVENT_KEY, CourtStep
from policies.requests.court_request import CourtRequest
from policies.requests.export.errors import ExportUnproven
from policies.requests.verdict import CONTENT_KEY
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError, SignatureInvalid
from policies.trust.manifest import ROOT, Manifest
from policies.trust.signing import verify_object

ROOT_KEY_NAME = "ed25519:root"
ANSWER_KEY_NAME = "ed25519:answer"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Whose signature binds a message: the signer, the key, and when it says that it was signed.

    `signer` is an organ's code, or the user id of an answerer; `public_key` is unpadded Base64.
    """

    event_id: str
    signer: str
    key_id: str
    public_key: str
    signed_at: datetime


def bound_manifest(data: bytes, root_public_key: str) -> dict[str, object] | None:
    """Return the manifest with the root's signature alone; None where it is not signed by the root."""
    try:
        received = canonical_json.decode_object(data)
    except CanonicalJsonError:
        return None
    found = _signature(received, ROOT, [("", root_public_key)])
    return None if found is None else _with_signature(received, ROOT, ROOT_KEY_NAME, found[1])


def bound_attestation(content: Mapping[str, object], manifest: Manifest) -> dict[str, object] | None:
    """Return an attestation with a signature of its authority alone; None where there is none that holds.

    Whether it held at a certain time, `Standing` says.
    """
    region = content.get("authority")
    keys = [(each.key_id, each.public_key) for each in manifest.authorities if each.region == region]
    newest_first = sorted(keys, reverse=True)
    found = _signature(content, region, newest_first) if isinstance(region, str) else None
    return None if found is None else _with_signature(content, str(region), found[0], found[1])


def bound_message(received: Received, request: CourtRequest, standing: Standing) -> tuple[Received, Proof]:
    """Return a message that holds with nothing in it but what its signature binds, and whose that is.

    Raises ExportUnproven, and CommunicationRefused when who has answered may not answer.
    """
    name, signer, at, keys = _signing(received, request, standing)
    signed = received.content[name]
    found = _signature(signed, signer, keys) if isinstance(signed, Mapping) else None
    if found is None or not isinstance(signed, Mapping):
        raise ExportUnproven(
            "A message does not hold.", why=f"{received.event_id[:80]!a} has no signature of {signer[:80]!a}."
        )
    key_id, signature, public_key = found
    bound = _with_signature(signed, signer, key_id or ANSWER_KEY_NAME, signature)
    content = {"msgtype": "m.notice", "body": received.content["body"], name: bound}
    proof = Proof(
        event_id=received.event_id,
        signer=signer,
        key_id=key_id or ANSWER_KEY_NAME,
        public_key=public_key,
        signed_at=at,
    )
    return msgspec.structs.replace(received, content=content), proof


def _signing(
    received: Received, request: CourtRequest, standing: Standing
) -> tuple[str, str, datetime, list[tuple[str, str]]]:
    """Return where the signed object is, who signed it when, and the keys that could sign it then."""
    content = received.content
    if ANSWER_KEY in content:
        answer = msgspec.convert(content[ANSWER_KEY], SignedAnswer)
        keys = standing.answer_keys(answer.answerer, request, answer.answered_at)
        return ANSWER_KEY, answer.answerer, answer.answered_at, [("", key) for key in keys]
    organ = standing.manifest.organ(request.originator)
    if EVENT_KEY in content:
        name, at = EVENT_KEY, msgspec.convert(content[EVENT_KEY], CourtStep).occurred_at
    else:
        name, at = CONTENT_KEY, request.issued_at
    valid = [(key.key_id, key.public_key) for key in organ.keys if key.valid_at(at)]
    return name, organ.organ, at, valid


def _signature(
    obj: Mapping[str, object], signer: str, keys: Iterable[tuple[str, str]]
) -> tuple[str, str, str] | None:
    """Return the first signature of the signer that holds: its key's id as given, itself, the public key."""
    signatures = obj.get("signatures")
    of_signer = signatures.get(signer) if isinstance(signatures, Mapping) else None
    if not isinstance(of_signer, Mapping):
        return None
    for key_id, public_key in keys:
        for name in [key_id] if key_id else sorted(of_signer):
            try:
                verify_object(obj, signer, name, public_key)
            except SignatureInvalid:
                continue
            return key_id, str(of_signer[name]), public_key
    return None


def _with_signature(obj: Mapping[str, object], signer: str, key_id: str, signature: str) -> dict[str, object]:
    signed = {name: value for name, value in obj.items() if name not in ("signatures", "unsigned")}
    return {**signed, "signatures": {signer: {key_id: signature}}}
