"""Is an answer, or a step, what it says it is? Whether it can follow what came before, the reducer says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from policies.requests.case.answer import ANSWER_KEY, SignedAnswer
from policies.requests.case.envelope import (
    malformed,
    require_same_place,
    require_same_text,
    signed_object,
    signed_sha256,
)
from policies.requests.case.received import Received
from policies.requests.case.refusal import Refusal
from policies.requests.case.standing import Standing
from policies.requests.case.step import EVENT_KEY, CourtStep, StepCode
from policies.requests.case.step_details import read_details
from policies.requests.court_request import CourtRequest
from policies.requests.errors import CommunicationRefused
from policies.requests.templates.registry import packaged_templates
from policies.trust.errors import NotInManifest, SignatureInvalid, TimeInvalid
from policies.trust.manifest_members import Organ
from policies.trust.signing import verify_object
from policies.trust.times import format_time, parse_time

LONGEST_ON_THE_WAY = timedelta(days=3)
"""How long an answer may lie on its writer's machine before it is sent: a weekend without a connection.
Nobody can sign today for a day before that, as to be in time or before an attestation ended."""

CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of honest machines may differ."""


_Said = TypeVar("_Said", SignedAnswer, CourtStep)


class VerifiedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that its answerer signed, with the standing to; `sha256` is that of its signed bytes."""

    answer: SignedAnswer
    sha256: str


class VerifiedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step that the request's originator signed; `sha256` is that of its signed bytes."""

    step: CourtStep
    sha256: str


def verify_answer(
    received: Received, *, request: CourtRequest, sha256: str, standing: Standing
) -> VerifiedAnswer:
    """Verify the answer in a message to `request`, a verified one whose signed bytes have the hash `sha256`.

    It holds when it was signed for this room and this request, with exactly the text in `body`, with the
    answer key of somebody who, when it was signed and when it was sent, was attested as a focal point of the
    State that is asked. What the Court's own account posts again, for somebody who came later, was believed
    when it first came: then only the time of signing counts. Raises CommunicationRefused.
    """
    found = signed_object(received.content, ANSWER_KEY)
    answer = _decode(found, SignedAnswer, "answered_at")
    if answer.outcome not in packaged_templates().outcomes.catalogue:
        raise _unknown("outcome", answer.outcome)
    _require_place_and_text(received, answer, request, sha256)
    by_the_court = _is_originators(received.sender, request, standing)
    _require_time(answer.answered_at, received, by_the_court=by_the_court)
    times = [answer.answered_at] if by_the_court else [answer.answered_at, received.sent_at]
    for at in times:
        keys = standing.answer_keys(answer.answerer, request, at)
        _require_signature(found, answer.answerer, answer.signatures, [("", key) for key in keys])
    return VerifiedAnswer(answer=answer, sha256=signed_sha256(found))


def verify_step(
    received: Received, *, request: CourtRequest, sha256: str, standing: Standing
) -> VerifiedStep:
    """Verify the step in a message: the organ that issued `request` signed it with a key of its time.

    Its details have the form that the step asks for. Raises CommunicationRefused.
    """
    found = signed_object(received.content, EVENT_KEY)
    if found.get("step") not in list(StepCode):
        raise _unknown("step", str(found.get("step")))
    step = _decode(found, CourtStep, "occurred_at")
    _require_place_and_text(received, step, request, sha256)
    if step.organ != request.originator:
        why = f"The request is of {request.originator}, and the step of {step.organ[:40]!r}."
        raise CommunicationRefused(
            "It is no step of the organ that asks.", refusal=Refusal.OTHER_ORGAN, why=why
        )
    by_the_court = _is_originators(received.sender, request, standing)
    _require_time(step.occurred_at, received, by_the_court=by_the_court)
    organ = _originator(request, standing)
    times = [step.occurred_at] if by_the_court else [step.occurred_at, received.sent_at]
    valid = [key for key in organ.keys if all(key.valid_at(at) for at in times)]
    if step.signatures.get(step.organ) and not {key.key_id for key in valid} & set(
        step.signatures[step.organ]
    ):
        why = (
            f"The manifest gives {step.organ} no key of that name that was valid at {format_time(times[-1])}."
        )
        raise CommunicationRefused("The key was not valid.", refusal=Refusal.KEY_OUT_OF_DATE, why=why)
    _require_signature(found, step.organ, step.signatures, [(key.key_id, key.public_key) for key in valid])
    try:
        read_details(step.step, step.details)
    except msgspec.ValidationError as error:
        why = f"The details of {step.step}: {error}."
        raise CommunicationRefused("The step is not complete.", refusal=Refusal.INCOMPLETE, why=why) from None
    return VerifiedStep(step=step, sha256=signed_sha256(found))


def _decode(found: Mapping[str, object], kind: type[_Said], time_name: str) -> _Said:
    try:
        said = msgspec.convert(dict(found), kind)
        parse_time(str(found[time_name]))
    except msgspec.ValidationError as error:
        raise malformed(f"{error}.") from None
    except TimeInvalid as error:
        raise malformed(f"{error.what} {error.why}") from None
    return said


def _require_place_and_text(
    received: Received, said: SignedAnswer | CourtStep, request: CourtRequest, sha256: str
) -> None:
    for room_id in (said.room_id, received.room_id):
        require_same_place(room_id, said.request_id, said.request_sha256, of=request, sha256=sha256)
    require_same_text(received.content.get("body"), said.body_sha256)


def _require_time(signed_at: datetime, received: Received, *, by_the_court: bool) -> None:
    ahead = 2 * CLOCKS_APART if by_the_court else CLOCKS_APART  # it signs after what it answers
    early = signed_at > received.sent_at + ahead
    late = not by_the_court and signed_at < received.sent_at - LONGEST_ON_THE_WAY
    if early or late:
        why = f"It was signed for {format_time(signed_at)} and sent at {format_time(received.sent_at)}."
        raise CommunicationRefused("The time is not believed.", refusal=Refusal.WRONG_TIME, why=why)


def _require_signature(
    found: Mapping[str, object],
    signer: str,
    signatures: Mapping[str, Mapping[str, str]],
    keys: Iterable[tuple[str, str]],
) -> None:
    """Accept one signature of the signer by one of the keys; a key without an id may have any."""
    for key_id, public_key in keys:
        for name in [key_id] if key_id else sorted(signatures.get(signer, {})):
            try:
                return verify_object(found, signer, name, public_key)
            except SignatureInvalid:
                continue
    why = f"None of its signatures is one of {signer[:255]} by a key that was valid: altered, or forged."
    raise CommunicationRefused("The signature does not hold.", refusal=Refusal.SIGNATURE, why=why)


def _originator(request: CourtRequest, standing: Standing) -> Organ:
    try:
        return standing.manifest.organ(request.originator)
    except NotInManifest as error:
        raise CommunicationRefused(error.what, refusal=Refusal.OTHER_ORGAN, why=error.why) from None


def _is_originators(sender: str, request: CourtRequest, standing: Standing) -> bool:
    """Tell whether a message comes from the account of the organ whose request it is."""
    return any(
        organ.organ == request.originator and organ.user_id == sender for organ in standing.manifest.organs
    )


def _unknown(what: str, code: str) -> CommunicationRefused:
    why = f"There is no {what} {code[:80]!a}; this program may be too old for it."
    return CommunicationRefused(f"The {what} is not known.", refusal=Refusal.UNKNOWN_CODE, why=why)
