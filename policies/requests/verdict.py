"""Does a request's signature hold, for this room and for the text that is shown? And if not, why not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from policies.requests.court_request import CourtRequest
from policies.requests.errors import RequestMalformed
from policies.trust.errors import NotInManifest, SignatureInvalid, TimeInvalid
from policies.trust.manifest import Manifest
from policies.trust.manifest_members import Organ
from policies.trust.signing import verify_object
from policies.trust.times import format_time, parse_time
from policies.trust.unpadded_base64 import unpadded_base64

CONTENT_KEY = "org.rogatory.request"
"""Where an event's content carries the request."""

_SIGNED_OR_HARMLESS = frozenset({"msgtype", "body", CONTENT_KEY, "m.mentions"})
"""Any other key could show text that nobody signed: formatted_body, m.new_content, extensible events."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a request may be believed. `organ` and `key_id` are None unless it `holds`.

    `reason` is one sentence for people: who signed, or what is wrong.
    """

    holds: bool
    reason: str
    organ: str | None = None
    key_id: str | None = None


class _Doubt(Exception):
    """Ends the verification; its text is the verdict's reason."""


def verify_request(content: Mapping[str, object], *, room_id: str, manifest: Manifest) -> Verdict:
    """Verify the request in an event's content, as it was received, where it was seen.

    It holds when an organ that the manifest names signed it, with a key valid at the time of issue, as its
    own originator, for the room `room_id`, with exactly the text in `body`. Whatever the content is, the
    answer is a verdict, never an exception.
    """
    try:
        request = decode_request(content)
        key_id = _check_signature(content[CONTENT_KEY], request, manifest)
        _check_room(request, room_id)
        _check_text(content, request)
    except _Doubt as doubt:
        return Verdict(holds=False, reason=str(doubt))
    except RequestMalformed as error:
        return Verdict(holds=False, reason=f"{error.what} {error.why}")
    reason = f"{request.originator} signed this text for this room on {format_time(request.issued_at)}."
    return Verdict(holds=True, reason=reason, organ=request.originator, key_id=key_id)


def decode_request(content: Mapping[str, object]) -> CourtRequest:
    """Return the request in an event's content, unverified. Raises RequestMalformed, with the path."""
    received = content.get(CONTENT_KEY)
    if not isinstance(received, dict):
        raise _malformed("The event carries no request object.")
    try:
        request = msgspec.convert(received, CourtRequest)
        parse_time(str(received["issued_at"]))
    except msgspec.ValidationError as error:
        raise _malformed(f"{error}.") from None
    except TimeInvalid as error:
        raise _malformed(f"{error.what} {error.why}") from None
    except RecursionError:
        raise _malformed("It is nested too deeply.") from None
    return request


def _check_signature(received: object, request: CourtRequest, manifest: Manifest) -> str:
    """Return the id of the key whose signature holds."""
    if not isinstance(received, dict) or "unsigned" in received:
        raise _Doubt("It has a part `unsigned`, which no signature covers.")
    organ = _organ(request, manifest)
    of_organ = request.signatures.get(organ.organ, {})
    if not of_organ:
        signers = _quoted(request.signatures) or "nobody"
        raise _Doubt(f"It says that it comes from {organ.organ}, and is signed by {signers}.")
    doubts = []
    for key_id in sorted(of_organ):
        try:
            _check_key(received, request, organ, key_id)
            return key_id
        except _Doubt as doubt:
            doubts.append(str(doubt))
    raise _Doubt(" ".join(doubts))


def _organ(request: CourtRequest, manifest: Manifest) -> Organ:
    try:
        return manifest.organ(request.originator)
    except NotInManifest:
        raise _Doubt(f"The network's manifest knows no organ {_quoted([request.originator])}.") from None


def _check_key(received: Mapping[str, object], request: CourtRequest, organ: Organ, key_id: str) -> None:
    key = organ.key(key_id)
    if key is None:
        raise _Doubt(f"The network's manifest gives {organ.organ} no key {_quoted([key_id])}.")
    try:
        verify_object(received, organ.organ, key_id, key.public_key)
    except SignatureInvalid:
        raise _Doubt(
            f"The signature of {organ.organ} does not fit: the request was altered, or forged."
        ) from None
    if not key.valid_at(request.issued_at):
        issued = format_time(request.issued_at)
        period = f"{format_time(key.valid_from)} to {format_time(key.valid_until)}"
        raise _Doubt(f"It was issued at {issued}, and the key {key_id} of {organ.organ} holds from {period}.")


def _check_room(request: CourtRequest, room_id: str) -> None:
    if request.room_id != room_id:
        raise _Doubt("It was signed for another room, and has been copied into this one.")


def _check_text(content: Mapping[str, object], request: CourtRequest) -> None:
    body = content.get("body")
    try:
        shown = hashlib.sha256(body.encode()).digest() if isinstance(body, str) else b""
    except UnicodeEncodeError:
        shown = b""
    if unpadded_base64(shown) != request.body_sha256:
        raise _Doubt("The text shown with it is not the text that was signed.")
    beside = _quoted(set(content) - _SIGNED_OR_HARMLESS)
    if beside or content.get("msgtype") != "m.notice":
        raise _Doubt(f"It carries more than what was signed: {beside or 'another message type'}.")


def _quoted(names: Iterable[str]) -> str:
    """Name at most three of a stranger's names, shortened, and without their control characters."""
    return ", ".join(ascii(name[:40]) for name in sorted(names)[:3])


def _malformed(why: str) -> RequestMalformed:
    return RequestMalformed(
        "The request cannot be read.", why=why, remedy="Ask the Court to send it again; update this program."
    )
