"""Composes the signed content of an answer and of a step, refusing what nobody would accept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from policies.requests.case.answer import ANSWER_KEY, VERSION, AttachedFile, SignedAnswer
from policies.requests.case.body import readable_answer, readable_step
from policies.requests.case.envelope import malformed, require_fitting, require_plain, signed_sha256
from policies.requests.case.step import EVENT_KEY, CourtStep, StepCode
from policies.requests.case.step_details import read_details
from policies.requests.verdict import CONTENT_KEY, decode_request
from policies.requests.wire import body_sha256
from policies.trust import canonical_json
from policies.trust.signing import SigningKey, sign_object
from policies.trust.times import whole_utc


def draft_answer(
    *,
    request: Mapping[str, object],
    outcome: str,
    details: Mapping[str, object],
    answered_at: datetime,
    answerer: str,
    next_date: date | None = None,
    attachments: tuple[AttachedFile, ...] = (),
) -> dict[str, object]:
    """Return the content of the `m.room.message` that answers a request, before `answerer` signs it.

    `request` is the content of the event that carries the request, `answered_at` an aware time, whose
    fraction of a second is cut off. Whether the outcome is lawful, and complete, says `check_answer`.
    Raises CommunicationRefused when it cannot be read afterwards, CanonicalJsonError when a detail cannot be
    signed, RequestMalformed when `request` carries none.
    """
    asked = decode_request(request)
    canonical_json.encode(dict(details))  # names what cannot be signed, by its path
    try:
        answer = SignedAnswer(
            v=VERSION,
            request_id=asked.id,
            request_sha256=_request_sha256(request),
            outcome=outcome,
            details=dict(details),
            answered_at=whole_utc(answered_at),
            answerer=answerer,
            room_id=asked.room_id,
            attachments=attachments,
            next_date=next_date,
        )
    except ValueError as error:
        raise malformed(f"{error}.") from None
    return _unsigned(answer, readable_answer(answer, asked), ANSWER_KEY)


def signed_answer(draft: Mapping[str, object], signed: Mapping[str, object]) -> dict[str, object]:
    """Return the content of an answer whose object was signed where the key is.

    Raises CommunicationRefused when nobody would accept it: too large, or with control characters.
    """
    return _fitting({**draft, ANSWER_KEY: dict(signed)})


def compose_answer(
    *,
    request: Mapping[str, object],
    outcome: str,
    details: Mapping[str, object],
    answered_at: datetime,
    answerer: str,
    key: SigningKey,
    next_date: date | None = None,
    attachments: tuple[AttachedFile, ...] = (),
) -> dict[str, object]:
    """Return `draft_answer` signed by `answerer` with `key`, for who holds that. Raises as both do."""
    draft = draft_answer(
        request=request,
        outcome=outcome,
        details=details,
        answered_at=answered_at,
        answerer=answerer,
        next_date=next_date,
        attachments=attachments,
    )
    return _signed(draft, ANSWER_KEY, answerer, key)


def compose_step(
    *,
    request: Mapping[str, object],
    step: StepCode,
    occurred_at: datetime,
    key: SigningKey,
    details: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return the content of the `m.room.message` of a step, signed by the request's originator with `key`.

    Raises as `compose_answer` does; details that the step does not have are refused too.
    """
    asked = decode_request(request)
    given = dict(details or {})
    canonical_json.encode(given)
    try:
        read_details(step, given)
    except msgspec.ValidationError as error:
        raise malformed(f"The details of {step}: {error}.") from None
    taken = CourtStep(
        v=VERSION,
        request_id=asked.id,
        request_sha256=_request_sha256(request),
        step=step,
        details=given,
        occurred_at=whole_utc(occurred_at),
        organ=asked.originator,
        room_id=asked.room_id,
    )
    return _signed(_unsigned(taken, readable_step(taken, asked), EVENT_KEY), EVENT_KEY, asked.originator, key)


def _request_sha256(request: Mapping[str, object]) -> str:
    received = request[CONTENT_KEY]
    return signed_sha256(received if isinstance(received, Mapping) else {})


def _unsigned(said: SignedAnswer | CourtStep, body: str, content_key: str) -> dict[str, object]:
    unsigned = canonical_json.from_struct(msgspec.structs.replace(said, body_sha256=body_sha256(body)))
    unsigned.pop("signatures")
    return {"msgtype": "m.notice", "body": body, content_key: unsigned}


def _signed(
    content: Mapping[str, object], content_key: str, signer: str, key: SigningKey
) -> dict[str, object]:
    unsigned = content[content_key]
    signed = sign_object(unsigned if isinstance(unsigned, Mapping) else {}, signer, key)
    return _fitting({**content, content_key: signed})


def _fitting(content: dict[str, object]) -> dict[str, object]:
    require_fitting(len(canonical_json.encode(content)))
    require_plain(content)
    return content
