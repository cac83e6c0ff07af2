"""The receipt of an answer brings the attestation by which the Court judged it: history outlives renewals."""

from __future__ import annotations

import msgspec

from policies.requests.case.case import Case
from policies.requests.case.received import Received
from policies.requests.case.reduce import reduce_case
from policies.requests.case.refusal import Refusal
from policies.requests.case.step import StepCode
from tests.policies.requests.case.world import (
    DAY,
    FOCAL_POINT,
    HOUR,
    NOW,
    STANDING,
    STRANGERS_KEY,
    RequestRoom,
    acknowledged,
    attested,
    hash_of,
)

RENEWED = msgspec.structs.replace(
    STANDING,
    attestations=(attested(FOCAL_POINT, valid_from=NOW + DAY, answer_key=STRANGERS_KEY.public_key),),
)
"""What a directory shows after a renewal with another key, to somebody who has never seen the one before."""


def case_later(room: RequestRoom, *messages: Received) -> Case:
    return reduce_case([room.first, *messages], room_id=room.room_id, standing=RENEWED)


def test_an_answer_holds_after_its_answerer_was_attested_anew() -> None:
    """Without a receipt that brings the old attestation it cannot be judged; with it both sides agree."""
    room = RequestRoom()
    answer = acknowledged(room, NOW + HOUR)
    bare = room.step(StepCode.ANSWER_RECEIVED, NOW + 2 * HOUR, answer_sha256=hash_of(answer))
    alone = case_later(room, answer, bare)
    assert [each.refusal for each in alone.refused] == [Refusal.NOT_ATTESTED, Refusal.OUT_OF_ORDER]
    receipt = room.step(
        StepCode.ANSWER_RECEIVED,
        NOW + 2 * HOUR,
        answer_sha256=hash_of(answer),
        attestation=attested(FOCAL_POINT),
    )
    case = case_later(room, answer, receipt)
    assert case.refused == ()
    assert case == room.case(answer, receipt)


def test_only_the_court_brings_attestations_and_a_newer_one_takes_them_back() -> None:
    """A receipt that the Court did not sign brings nothing; after the renewal the old key answers no more."""
    room = RequestRoom()
    answer = acknowledged(room, NOW + HOUR)
    details = {"answer_sha256": hash_of(answer), "attestation": attested(FOCAL_POINT)}
    forged = room.step(StepCode.ANSWER_RECEIVED, NOW + 2 * HOUR, key=STRANGERS_KEY, details=details)
    case = case_later(room, answer, forged)
    assert Refusal.NOT_ATTESTED in {each.refusal for each in case.refused}
    assert case.history == ()
    receipt = room.step(StepCode.ANSWER_RECEIVED, NOW + 2 * HOUR, details=details)
    late = acknowledged(room, NOW + 2 * DAY)
    case = case_later(room, answer, receipt, late)
    assert [(each.event_id, each.refusal) for each in case.refused] == [(late.event_id, Refusal.SIGNATURE)]
