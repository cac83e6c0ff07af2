"""What has no effect: each kind of refusal by itself, with its reason, and the case unharmed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from policies.requests.case.case import Case, CaseState
from policies.requests.case.received import Received
from policies.requests.case.refusal import Refusal
from policies.requests.case.step import StepCode
from policies.requests.errors import CommunicationRefused
from policies.trust.signing import sign_object
from tests.policies.requests.case.world import (
    ANSWER_KEY,
    DAY,
    ENDING,
    FOCAL_POINT,
    FROZEN,
    HOUR,
    KEYLESS,
    MODERATOR,
    NOW,
    OLD_KEYS,
    ORGAN_KEYS,
    OTHER_STATE,
    REVOKED,
    SELF_ATTESTED,
    STRANGER,
    STRANGERS_KEY,
    RequestRoom,
    account,
    acknowledged,
    hash_of,
)
from tests.policies.requests.facts import BY_NAME

LATER = NOW + HOUR


def refused(room: RequestRoom, received: Received, refusal: Refusal, reason: str = "") -> None:
    """The message alone is refused of that kind with that reason, and changes nothing else."""
    case = room.case(received)
    assert [(each.event_id, each.refusal) for each in case.refused] == [(received.event_id, refusal)]
    assert reason in case.refused[0].reason
    assert without_refused(case) == without_refused(room.case())


def without_refused(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in case.__struct_fields__ if name != "refused"}


def changed(received: Received, **content: object) -> Received:
    return Received(
        event_id=received.event_id,
        sender=received.sender,
        room_id=received.room_id,
        sent_at=received.sent_at,
        content={**received.content, **content},
    )


def resigned(received: Received, **changes: object) -> Received:
    """The answer with parts changed, and signed anew by the answerer."""
    said = {**received.content["org.rogatory.answer"], **changes, "signatures": {}}  # type: ignore[dict-item] # JSON
    return changed(received, **{"org.rogatory.answer": sign_object(said, FOCAL_POINT, ANSWER_KEY)})


def test_what_holds_is_not_refused() -> None:
    """The answer from which all of these tests begin has its effect."""
    room = RequestRoom()
    case = room.case(acknowledged(room, LATER))
    assert (case.state, case.refused, case.acknowledged_at) == (CaseState.ACKNOWLEDGED, (), LATER)


def test_a_forged_signature() -> None:
    """Another key under the answerer's name proves nothing."""
    room = RequestRoom()
    refused(room, acknowledged(room, LATER, key=STRANGERS_KEY), Refusal.SIGNATURE, "altered, or forged")


def test_an_altered_answer() -> None:
    """One changed detail, and the signature no longer holds."""
    room = RequestRoom()
    received = acknowledged(room, LATER)
    said: Any = received.content["org.rogatory.answer"]
    refused(
        room,
        changed(received, **{"org.rogatory.answer": {**said, "details": {"unit": "Unit 4"}}}),
        Refusal.SIGNATURE,
    )


def test_signed_by_another_than_the_answerer() -> None:
    """A person with standing cannot sign for another."""
    room = RequestRoom()
    received = acknowledged(room, LATER)
    said: Any = {**received.content["org.rogatory.answer"], "signatures": {}}  # type: ignore[dict-item] # JSON
    forged = sign_object(said, OTHER_STATE, ANSWER_KEY)
    refused(room, changed(received, **{"org.rogatory.answer": forged}), Refusal.SIGNATURE)


@pytest.mark.parametrize(
    ("by", "at", "refusal", "reason"),
    [
        (STRANGER, LATER, Refusal.NOT_ATTESTED, "No region has attested"),
        (SELF_ATTESTED, LATER, Refusal.NOT_ATTESTED, "No region has attested"),
        (ENDING, NOW + DAY, Refusal.ATTESTATION_EXPIRED, "had ended at 2026-11-24T10:00:00Z"),
        (REVOKED, NOW + 3 * HOUR, Refusal.ATTESTATION_EXPIRED, "had ended"),
        (OTHER_STATE, LATER, Refusal.OTHER_STATE, "attested for GHA, and SEN is asked"),
        (MODERATOR, LATER, Refusal.NOT_FOCAL_POINT, "'moderator', not as a focal point"),
        (KEYLESS, LATER, Refusal.NO_ANSWER_KEY, "no key for answers"),
    ],
    ids=["stranger", "self-attested", "expired", "taken-back", "other-state", "moderator", "no-key"],
)
def test_somebody_without_standing(by: str, at: datetime, refusal: Refusal, reason: str) -> None:
    """Who is not attested as a focal point of the State that is asked, at that time, cannot answer."""
    room = RequestRoom()
    refused(room, acknowledged(room, at, by=by), refusal, reason)


def test_an_attestation_that_ended_on_the_way() -> None:
    """An answer dated before the end of an attestation does not hold when it is sent after it."""
    room = RequestRoom()
    inside = NOW + DAY - HOUR
    assert room.case(acknowledged(room, inside, by=ENDING)).refused == ()
    refused(
        room,
        acknowledged(room, inside, by=ENDING, sent_at=NOW + DAY),
        Refusal.ATTESTATION_EXPIRED,
        "had ended",
    )


def test_a_time_that_is_not_believed() -> None:
    """What is dated long before it is sent, or after it, is refused: nobody can be in time afterwards."""
    room = RequestRoom()
    refused(
        room, acknowledged(room, LATER, sent_at=LATER + 4 * DAY), Refusal.WRONG_TIME, "sent at 2026-11-27"
    )
    refused(room, acknowledged(room, LATER, sent_at=NOW), Refusal.WRONG_TIME)


def test_another_room() -> None:
    """An answer signed for another room is refused in this one, and one of this room's in another."""
    room, other = RequestRoom(), RequestRoom(room_id="!other:court.rogatory.test")
    foreign = acknowledged(other, LATER)
    refused(room, foreign, Refusal.OTHER_ROOM, "for another room")
    copied = Received(
        event_id="$copied", sender=FOCAL_POINT, room_id=room.room_id, sent_at=LATER, content=foreign.content
    )
    refused(room, copied, Refusal.OTHER_ROOM)
    own = acknowledged(room, LATER)
    elsewhere = Received(
        event_id="$elsewhere", sender=own.sender, room_id=other.room_id, sent_at=LATER, content=own.content
    )
    refused(room, elsewhere, Refusal.OTHER_ROOM)


def test_another_request() -> None:
    """An answer to another request, or to this one as it was issued otherwise, is refused."""
    room = RequestRoom()
    other = RequestRoom(id="ROG-2026-AAAAAA")
    refused(room, acknowledged(other, LATER), Refusal.OTHER_REQUEST, "another request than ROG-2026-7KQ4XM")
    reworded = RequestRoom(common={"other_info": "A word more."})
    refused(room, acknowledged(reworded, LATER), Refusal.OTHER_REQUEST)
    misnamed = resigned(acknowledged(room, LATER), request_id="ROG-2026-AAAAAA")
    refused(room, misnamed, Refusal.OTHER_REQUEST)


def test_another_text() -> None:
    """The text that is shown is the text that was signed."""
    room = RequestRoom()
    refused(room, changed(acknowledged(room, LATER), body="Executed."), Refusal.OTHER_TEXT)


@pytest.mark.parametrize("beside", ["formatted_body", "m.new_content", "org.rogatory.event"])
def test_a_second_unsigned_text(beside: str) -> None:
    """What could be shown instead of the signed text, or makes the message two things, is refused."""
    room = RequestRoom()
    refused(room, changed(acknowledged(room, LATER), **{beside: "<b>Executed</b>"}), Refusal.MALFORMED)


def test_a_code_that_nobody_knows() -> None:
    """An outcome that no catalogue has is refused as unknown."""
    room = RequestRoom()
    refused(room, room.answer("FROZE", FROZEN, LATER), Refusal.UNKNOWN_CODE, "'FROZE'")


def test_an_outcome_outside_the_set() -> None:
    """An outcome of another template is refused, with the nearest that is lawful."""
    room = RequestRoom()
    refused(
        room,
        room.answer("SURRENDERED", {"date": "2026-11-24"}, LATER),
        Refusal.NOT_LAWFUL_HERE,
        "no answer to T13",
    )


@pytest.mark.parametrize("code", ["WITHDRAWN_BY_COURT", "MODIFIED_BY_COURT"])
def test_a_step_of_the_court_as_an_answer(code: str) -> None:
    """The State cannot withdraw or modify a request of the Court."""
    room = RequestRoom()
    refused(room, room.answer(code, {"reason": "No"}, LATER), Refusal.NOT_LAWFUL_HERE, "only the Court takes")


def test_an_answer_without_what_it_must_carry() -> None:
    """An answer that lacks a detail is refused, with the detail and the article."""
    room = RequestRoom()
    refused(room, room.answer("FROZEN", {"date": "2026-11-24"}, LATER), Refusal.INCOMPLETE, "93(1)(k)")


def test_a_detail_that_is_a_field_of_the_request() -> None:
    """An answer cannot speak for the request, as to make an outcome lawful."""
    room = RequestRoom()
    received = room.answer("FROZEN", {**FROZEN, "requested_state": "GHA"}, LATER)
    refused(room, received, Refusal.INCOMPLETE, "requested_state is a field of the request")


def test_ten_megabytes() -> None:
    """A field of ten megabytes is refused for its size, and never composed."""
    room = RequestRoom()
    large = {"details": {"unit": "x" * 10_000_000}}
    refused(room, resigned(acknowledged(room, LATER), **large), Refusal.TOO_LARGE, "bytes")
    with pytest.raises(CommunicationRefused, match="too large"):
        room.answer("ACKNOWLEDGED", {"unit": "x" * 10_000_000}, LATER)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\r", "\x7f", "\x9b", "\u202e", "\u2066"])
def test_control_characters(character: str) -> None:
    """A character that steers a screen or turns a text is refused, signed or not, and never composed."""
    room = RequestRoom()
    for details in ({"unit": f"Unit{character}3"}, {"unit": "Unit 3", f"note{character}": "x"}):
        received = resigned(acknowledged(room, LATER), details=details)
        refused(room, received, Refusal.CONTROL_CHARACTERS, f"U+{ord(character):04X}")
        with pytest.raises(CommunicationRefused, match="control character"):
            room.answer("ACKNOWLEDGED", details, LATER)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"answered_at": "2026-11-23T12:00:00+01:00"}, {"answered_at": 5}, {"details": []},
        {"details": {"unit": 1.5}}, {"attachments": [{"name": "a", "size": -1, "sha256": "0" * 64}]},
        {"attachments": [{"name": "a\nb", "size": 1, "sha256": "0" * 64}]}, {"answerer": "nobody"},
        {"details": {"unit": "Unit 3", "next_date": "2026-12-01"}}, {"unsigned": {"note": "pay"}},
        {"signatures": []},
    ],
    ids=lambda change: "-".join(f"{name}-{value}" for name, value in change.items())[:40],
)  # fmt: skip
def test_malformed(change: dict[str, object]) -> None:
    """An answer of another shape is refused as one that cannot be read."""
    room = RequestRoom()
    received = acknowledged(room, LATER)
    said: Any = received.content["org.rogatory.answer"]
    refused(room, changed(received, **{"org.rogatory.answer": {**said, **change}}), Refusal.MALFORMED)


def test_a_replayed_answer() -> None:
    """The same signed answer in a second event is refused, whoever posts it, and counts once."""
    room = RequestRoom()
    first = acknowledged(room, LATER)
    again = Received(
        event_id="$again",
        sender=OTHER_STATE,
        room_id=room.room_id,
        sent_at=LATER + HOUR,
        content=first.content,
    )
    case = room.case(first, again, first)
    assert [(each.event_id, each.refusal) for each in case.refused] == [("$again", Refusal.REPLAYED)]
    assert len(case.history) == 1


def test_another_signature_beside_makes_no_other_answer() -> None:
    """A copy with one more signature is the same answer, and so a replay."""
    room = RequestRoom()
    first = acknowledged(room, LATER)
    said: Any = first.content["org.rogatory.answer"]
    more = sign_object(said, "@else:weog.rogatory.test", STRANGERS_KEY)
    again = room.message({**first.content, "org.rogatory.answer": more}, FOCAL_POINT, LATER + HOUR)
    assert [each.refusal for each in room.case(first, again).refused] == [Refusal.REPLAYED]


def test_what_the_court_posts_again_is_no_replay() -> None:
    """Whoever came later and has only the Court's copy comes to the same case, long after."""
    room = RequestRoom()
    first = acknowledged(room, LATER, by=ENDING)
    again = room.message(dict(first.content), account(room.organ), LATER + 30 * DAY)
    assert room.case(first, again) == room.case(first)
    late = room.case(again)
    assert (late.refused, late.acknowledged_at) == ((), LATER)
    stranger = room.message(dict(first.content), OTHER_STATE, LATER + 30 * DAY)
    refused(room, stranger, Refusal.WRONG_TIME)


def test_a_step_of_another_organ() -> None:
    """Another organ of the Court takes no step in a request that is not its own."""
    room = RequestRoom()
    registry = RequestRoom(common={"originator": "REGISTRY"})
    step = registry.step(StepCode.WITHDRAWN_BY_COURT, LATER, reason="Not needed")
    refused(room, step, Refusal.OTHER_REQUEST)
    said: Any = room.step(StepCode.WITHDRAWN_BY_COURT, LATER, reason="Not needed")
    taken = {**said.content["org.rogatory.event"], "organ": "REGISTRY", "signatures": {}}
    signed = sign_object(taken, "REGISTRY", ORGAN_KEYS["REGISTRY"])
    refused(room, changed(said, **{"org.rogatory.event": signed}), Refusal.OTHER_ORGAN, "'REGISTRY'")


def test_a_step_that_the_state_signed() -> None:
    """A focal point cannot take a step of the Court with its answer key, whatever it calls it."""
    room = RequestRoom()
    key = type(ANSWER_KEY)(room.key.key_id, ANSWER_KEY.seed)
    step = room.step(StepCode.WITHDRAWN_BY_COURT, LATER, key=key, sender=FOCAL_POINT, reason="No")
    refused(room, step, Refusal.SIGNATURE)


def test_a_key_out_of_date() -> None:
    """A step signed with a key that had ended does not hold; while it was valid, it did."""
    room = RequestRoom()
    inside = room.step(StepCode.DELIVERED, NOW + HOUR / 2, key=OLD_KEYS[room.organ])
    assert room.case(inside).refused == ()
    refused(
        room, room.step(StepCode.DELIVERED, NOW + 2 * HOUR, key=OLD_KEYS[room.organ]), Refusal.KEY_OUT_OF_DATE
    )
    late = room.step(
        StepCode.DELIVERED,
        NOW + HOUR / 2,
        key=OLD_KEYS[room.organ],
        sender=FOCAL_POINT,
        sent_at=NOW + 2 * HOUR,
    )
    refused(room, late, Refusal.KEY_OUT_OF_DATE)


def test_the_court_answers_a_state_with_a_key_of_its_time() -> None:
    """A State's request to the Court is answered by an organ, with a key that was valid, by nobody else."""
    room = RequestRoom(example=BY_NAME["T18"])
    registry = account("REGISTRY")
    assert room.case(acknowledged(room, LATER, by=registry, key=ORGAN_KEYS["REGISTRY"])).refused == ()
    old = {"by": registry, "key": OLD_KEYS["REGISTRY"]}
    refused(room, acknowledged(room, NOW + 2 * HOUR, **old), Refusal.SIGNATURE)
    refused(room, acknowledged(room, NOW + 500 * DAY, **old), Refusal.KEY_OUT_OF_DATE)
    refused(room, acknowledged(room, LATER), Refusal.NOT_ATTESTED, "no organ of the Court")


def test_a_step_that_nobody_knows_or_that_lacks_its_details() -> None:
    """A step of another name, or without what it must carry, is refused."""
    room = RequestRoom()
    step = room.step(StepCode.WITHDRAWN_BY_COURT, LATER, reason="Not needed")
    said: Any = step.content["org.rogatory.event"]
    for changes, refusal in (
        ({"step": "FORGOTTEN"}, Refusal.UNKNOWN_CODE),
        ({"step": ["CLOSED"]}, Refusal.UNKNOWN_CODE),
        ({"details": {}}, Refusal.INCOMPLETE),
        ({"details": {"reason": ""}}, Refusal.INCOMPLETE),
    ):
        signed = sign_object({**said, **changes, "signatures": {}}, room.organ, room.key)
        refused(room, changed(step, **{"org.rogatory.event": signed}), refusal)
    with pytest.raises(CommunicationRefused, match="reason"):
        room.step(StepCode.WITHDRAWN_BY_COURT, LATER)


@pytest.mark.parametrize(
    ("step", "details", "reason"),
    [
        (StepCode.CLOSED, {}, "final answer"),
        (StepCode.CONSULTATION_ANSWERED, {"reply": "Yes"}, "not consulting"),
        (StepCode.ANSWER_RECEIVED, {"answer_sha256": "x"}, "no answer of that hash"),
        (StepCode.SUPPLEMENT_ASKED, {"answer_sha256": "x", "reason": "More"}, "no answer of that hash"),
        (StepCode.FOLLOW_UP, {"request_id": "ROG-2026-7KQ4XM", "template": "T01"}, "follow itself"),
        (
            StepCode.REMINDER,
            {"clocks": [{"clock": "no", "due": "2026-12-01T00:00:00Z", "stage": 1}]},
            "no clock",
        ),
        (StepCode.MODIFIED_BY_COURT, {"reason": "x", "changes": {"originator": "CHAMBER"}}, "can modify"),
        (StepCode.MODIFIED_BY_COURT, {"reason": "x", "changes": {"no_field": "x"}}, "can modify"),
    ],
    ids=lambda value: value.value if isinstance(value, StepCode) else None,
)
def test_a_step_that_cannot_follow(step: StepCode, details: dict[str, Any], reason: str) -> None:
    """A step that the case as it stands does not allow is refused as out of order."""
    room = RequestRoom()
    refused(room, room.step(step, LATER, **details), Refusal.OUT_OF_ORDER, reason)


def test_a_modification_is_checked_like_a_draft() -> None:
    """The Court cannot modify a field into what no request may hold; the article is named."""
    room = RequestRoom()
    step = room.step(StepCode.MODIFIED_BY_COURT, LATER, reason="x", changes={"purpose": "Short"})
    refused(room, step, Refusal.INCOMPLETE, "96(2)(a)")


def test_a_formal_confirmation_of_what_is_no_advance_copy() -> None:
    """Only an advance copy is confirmed, and once."""
    room = RequestRoom(example=BY_NAME["T10"], common={"nature": "FORMAL_REFERENCE"})
    confirmed: dict[str, Any] = {"channel": "DIPLOMATIC", "reference": "NV 7", "date": "2026-11-24"}
    refused(
        room, room.step(StepCode.FORMALLY_CONFIRMED, LATER, **confirmed), Refusal.OUT_OF_ORDER, "advance copy"
    )


def test_an_arrest_is_reported_only_where_it_is_an_answer() -> None:
    """Nobody is arrested on a request for freezing."""
    room = RequestRoom()
    step = room.step(StepCode.ARREST_REPORTED, LATER, arrest_date="2026-11-23", source="Note verbale")
    refused(room, step, Refusal.NOT_LAWFUL_HERE, "ARRESTED answers")
    arrest = RequestRoom(example=BY_NAME["T02"])
    early = arrest.step(StepCode.ARREST_REPORTED, LATER, arrest_date="2026-11-25", source="Note verbale")
    refused(arrest, early, Refusal.OUT_OF_ORDER, "dated after")


def test_before_the_request() -> None:
    """Nothing can be signed for a time before the request was issued."""
    room = RequestRoom()
    refused(room, acknowledged(room, NOW - HOUR), Refusal.OUT_OF_ORDER, "before the request")


def test_after_the_end() -> None:
    """After a withdrawal, or a closing, nothing has an effect."""
    room = RequestRoom()
    withdrawn = room.step(StepCode.WITHDRAWN_BY_COURT, LATER, reason="Not needed")
    case = room.case(withdrawn, acknowledged(room, LATER + HOUR))
    assert (case.state, [each.refusal for each in case.refused]) == (CaseState.WITHDRAWN, [Refusal.CASE_OVER])
    frozen = room.answer("FROZEN", FROZEN, LATER)
    closed = room.step(StepCode.CLOSED, LATER + HOUR, answer_sha256=hash_of(frozen))
    case = room.case(frozen, closed, room.step(StepCode.WITHDRAWN_BY_COURT, LATER + 2 * HOUR, reason="x"))
    assert (case.state, [each.refusal for each in case.refused]) == (CaseState.CLOSED, [Refusal.CASE_OVER])


def test_a_second_request_in_the_room() -> None:
    """Another request in the same room is refused; the same one posted again is not."""
    room = RequestRoom()
    second = RequestRoom(id="ROG-2026-AAAAAA", issued_at=NOW + HOUR)
    again = room.message(room.request, account(room.organ), NOW + 5 * DAY)
    case = room.case(second.message(second.request, account(room.organ), NOW + HOUR), again)
    assert case.request.id == room.id
    assert [each.refusal for each in case.refused] == [Refusal.OTHER_REQUEST]


def test_every_kind_of_refusal_has_a_remedy() -> None:
    """Whoever reads a refusal is told what to do."""
    assert all(each.remedy for each in Refusal)
