"""The life of a request, step by step: what each answer and each step makes of the case."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from policies.requests.case.answer import AttachedFile
from policies.requests.case.case import Case, CaseState, ConfirmationStatus
from policies.requests.case.reduce import reduce_case
from policies.requests.case.step import StepCode
from policies.requests.errors import CaseNotOpened, TemplateUnknown
from policies.requests.wire import compose_request
from tests.policies.requests.case.world import (
    DAY,
    FOCAL_POINT,
    FROZEN,
    HOUR,
    NOW,
    ROOM,
    STANDING,
    RequestRoom,
    account,
    acknowledged,
    hash_of,
)
from tests.policies.requests.facts import BY_NAME

MINUTE = HOUR / 60
CONSULTATION = {"sub_code": "a", "question": "Which account?", "proposed_solution": "Name the bank"}
CONFIRMATION: dict[str, Any] = {"channel": "DIPLOMATIC", "reference": "NV 7/2026", "date": "2026-11-25"}


def states(room: RequestRoom, *messages: Any) -> list[CaseState]:
    """The state after each message."""
    return [room.case(*messages[:count]).state for count in range(len(messages) + 1)]


def test_from_issue_to_closing() -> None:
    """A request is issued, delivered, acknowledged, consulted on, worked on, answered, and closed."""
    room = RequestRoom()
    frozen = room.answer("FROZEN", FROZEN, NOW + 9 * HOUR)
    life = (
        room.step(StepCode.DELIVERED, NOW + HOUR),
        acknowledged(room, NOW + 2 * HOUR),
        room.answer("CONSULT_97", CONSULTATION, NOW + 3 * HOUR),
        room.step(StepCode.CONSULTATION_ANSWERED, NOW + 4 * HOUR, reply="The bank of Exampleville."),
        room.answer("FORWARDED_TO_AUTHORITY", {"authority": "Court of Exampleville"}, NOW + 5 * HOUR),
        frozen,
        room.step(StepCode.ANSWER_RECEIVED, NOW + 10 * HOUR, answer_sha256=hash_of(frozen)),
        room.step(StepCode.CLOSED, NOW + 11 * HOUR, answer_sha256=hash_of(frozen)),
    )
    assert states(room, *life) == [
        CaseState.ISSUED, CaseState.DELIVERED, CaseState.ACKNOWLEDGED, CaseState.IN_CONSULTATION,
        CaseState.IN_PROGRESS, CaseState.IN_PROGRESS, CaseState.ANSWERED, CaseState.ANSWERED,
        CaseState.CLOSED,
    ]  # fmt: skip
    case = room.case(*life)
    assert case.refused == ()
    assert (case.delivered_at, case.acknowledged_at, case.answered_at) == (
        NOW + HOUR, NOW + 2 * HOUR, NOW + 9 * HOUR,
    )  # fmt: skip
    assert case.last_answer is not None
    assert case.last_answer.code == "FROZEN"
    assert case.outcomes == {"ACKNOWLEDGED", "CONSULT_97", "FORWARDED_TO_AUTHORITY", "FROZEN"}


def test_a_request_is_delivered_once() -> None:
    """The clocks run from the first delivery: a second one is refused."""
    room = RequestRoom()
    case = room.case(room.step(StepCode.DELIVERED, NOW + 2 * HOUR), room.step(StepCode.DELIVERED, NOW + HOUR))
    assert (case.delivered_at, len(case.history), len(case.refused)) == (NOW + HOUR, 1, 1)


def test_whoever_answers_has_received() -> None:
    """An answer without a receipt before it shows that the request was delivered and seen."""
    room = RequestRoom()
    case = room.case(room.answer("FROZEN", FROZEN, NOW + HOUR))
    assert (case.delivered_at, case.acknowledged_at) == (NOW + HOUR, NOW + HOUR)


def test_a_receipt_never_sets_a_case_back() -> None:
    """A second focal point's receipt during a consultation leaves it a consultation."""
    room = RequestRoom()
    case = room.case(room.answer("CONSULT_97", CONSULTATION, NOW + HOUR), acknowledged(room, NOW + 2 * HOUR))
    assert case.state is CaseState.IN_CONSULTATION
    assert case.last_answer is not None
    assert case.last_answer.code == "CONSULT_97"


def test_a_supplement_reopens_an_answered_case() -> None:
    """Where a final answer does not suffice the Court asks for more, and only then can the case go back."""
    room = RequestRoom()
    frozen = room.answer("FROZEN", FROZEN, NOW + HOUR)
    interim = room.answer("FORWARDED_TO_AUTHORITY", {"authority": "A bank's court"}, NOW + 2 * HOUR)
    assert room.case(frozen, interim).refused == ()
    asked = room.step(
        StepCode.SUPPLEMENT_ASKED, NOW + 3 * HOUR, answer_sha256=hash_of(frozen), reason="Which account?"
    )
    assert states(room, frozen, interim, asked) == [
        CaseState.ISSUED, CaseState.ANSWERED, CaseState.ANSWERED, CaseState.IN_PROGRESS,
    ]  # fmt: skip
    on_the_interim = room.step(StepCode.CLOSED, NOW + 3 * HOUR, answer_sha256=hash_of(interim))
    assert room.case(frozen, interim, on_the_interim).state is CaseState.ANSWERED
    closed = room.step(StepCode.CLOSED, NOW + 4 * HOUR, answer_sha256=hash_of(frozen))
    assert room.case(frozen, asked, closed).state is CaseState.IN_PROGRESS
    again = room.answer("FROZEN", {**FROZEN, "date": "2026-11-25"}, NOW + 4 * HOUR)
    closed = room.step(StepCode.CLOSED, NOW + 5 * HOUR, answer_sha256=hash_of(again))
    assert room.case(frozen, asked, again, closed).state is CaseState.CLOSED


def test_a_postponement_is_shown_as_one() -> None:
    """A case that the State has postponed under article 94 is postponed until it says more."""
    room = RequestRoom(example=BY_NAME["T10"])
    details = {"until_agreed_with_court": "2027-01-15", "other_case": "One", "conditions_considered": "None"}
    postponed = room.answer("POSTPONED_94", details, NOW + HOUR)
    forwarded = room.answer("FORWARDED_TO_AUTHORITY", {"authority": "A judge"}, NOW + 2 * HOUR)
    assert states(room, postponed, forwarded) == [
        CaseState.ISSUED, CaseState.POSTPONED, CaseState.IN_PROGRESS,
    ]  # fmt: skip


def test_another_stated_reason_never_closes() -> None:
    """An answer outside the lawful set is kept, and no case is closed on it."""
    room = RequestRoom()
    other = room.answer("OTHER_STATED_REASON", {"reason": "A reason of our own"}, NOW + HOUR)
    closed = room.step(StepCode.CLOSED, NOW + 2 * HOUR, answer_sha256=hash_of(other))
    case = room.case(other, closed)
    assert (case.state, len(case.history), len(case.refused)) == (CaseState.IN_PROGRESS, 1, 1)


@pytest.mark.parametrize(
    ("example", "changes", "status"),
    [
        ("T10", {"nature": "ADVANCE", "formal_confirmation": {"status": "pending", "channel": "DIPLOMATIC"},
                 "urgency": "URGENT"}, ConfirmationStatus.PENDING),
        ("T10", {"nature": "ADVANCE", "urgency": "URGENT"}, ConfirmationStatus.PENDING),
        ("T10", {"nature": "ADVANCE", "formal_confirmation": {
            "status": "confirmed", "channel": "DIPLOMATIC", "reference": "NV 1", "date": "2026-11-20"},
        }, ConfirmationStatus.CONFIRMED),
        ("T10", {"nature": "FORMAL_REFERENCE"}, ConfirmationStatus.NOT_NEEDED),
        ("T02", {}, ConfirmationStatus.NOT_NEEDED),
        ("T17", {}, ConfirmationStatus.NOT_NEEDED),
    ],
)  # fmt: skip
def test_who_needs_a_formal_confirmation(
    example: str, changes: dict[str, object], status: ConfirmationStatus
) -> None:
    """An advance copy waits for its confirmation (articles 91(1), 96(1)); article 92(2) asks for none."""
    assert RequestRoom(example=BY_NAME[example], common=changes).case().confirmation.status is status


def test_an_advance_copy_is_confirmed_once() -> None:
    """The confirmation is recorded with its channel, reference and day; a second one is refused."""
    pending = {"status": "pending", "channel": "DIPLOMATIC"}
    room = RequestRoom(
        example=BY_NAME["T10"],
        common={"nature": "ADVANCE", "urgency": "URGENT", "formal_confirmation": pending},
    )
    first = room.step(StepCode.FORMALLY_CONFIRMED, NOW + HOUR, **CONFIRMATION)
    second = room.step(StepCode.FORMALLY_CONFIRMED, NOW + 2 * HOUR, **{**CONFIRMATION, "reference": "NV 8"})
    case = room.case(second, first)
    assert case.confirmation.status is ConfirmationStatus.CONFIRMED
    assert (case.confirmation.reference, case.confirmation.date) == ("NV 7/2026", date(2026, 11, 25))
    assert ["confirmed before" in each.reason for each in case.refused] == [True]
    assert case.state is CaseState.ISSUED


def modified(room: RequestRoom, **changes: object) -> Case:
    consulted = room.answer(
        "OBJECTION_93_3",
        {"principle": "Home", "source": "Constitution", "alternative_offered": "Another day"},
        NOW + HOUR,
    )
    step = room.step(
        StepCode.MODIFIED_BY_COURT, NOW + 2 * HOUR, reason="As consulted, article 93(3)", changes=changes
    )
    return room.case(consulted, step)


def test_the_court_modifies_its_request() -> None:
    """A modification changes and takes away fields, ends the consultation, and leaves what was issued."""
    room = RequestRoom(common={"other_info": "EXERCISE ONLY. A word."})
    purpose = "EXERCISE ONLY. Trace, and do not freeze, the invented account."
    case = modified(room, purpose=purpose, other_info=None)
    assert case.refused == ()
    assert (case.state, case.values["purpose"]) == (CaseState.IN_PROGRESS, purpose)
    assert "other_info" not in case.values
    assert case.request == room.asked
    assert "MODIFIED_BY_COURT" in case.outcomes


def test_answers_are_judged_by_the_request_as_modified() -> None:
    """After the Court names an offence under article 70, national law may be the ground of refusal."""
    room = RequestRoom(example=BY_NAME["T10"])
    refusal = room.answer(
        "REFUSED_NATIONAL_LAW_70_2", {"national_provision": "s 1", "reasons": "Law"}, NOW + 3 * HOUR
    )
    step = room.step(
        StepCode.MODIFIED_BY_COURT,
        NOW + 2 * HOUR,
        reason="Article 70",
        changes={"legal_basis": ["ART_93_1_i", "ART_70"]},
    )
    assert room.case(refusal).state is CaseState.ISSUED
    assert room.case(refusal, step).state is CaseState.ANSWERED


def test_a_reply_follows_what_it_answers_though_a_clock_is_ahead() -> None:
    """A State's clock may be some minutes ahead: the Court signs its reply after what it replies to."""
    room = RequestRoom()
    now = NOW + HOUR
    ahead = room.answer("CONSULT_97", CONSULTATION, now + 5 * MINUTE, sent_at=now)
    before = room.case(ahead)
    assert before.state is CaseState.IN_CONSULTATION
    at = before.time_to_sign(now)
    reply = room.step(StepCode.CONSULTATION_ANSWERED, at, sent_at=now, reply="Yes")
    assert room.case(reply, ahead).state is CaseState.IN_PROGRESS
    assert room.case().time_to_sign(now) == now


def test_follow_ups_are_kept() -> None:
    """A follow-up names the request that continues this one, and leaves the case where it is."""
    room = RequestRoom(example=BY_NAME["T02"])
    case = room.case(room.step(StepCode.FOLLOW_UP, NOW + HOUR, request_id="ROG-2026-AAAAAA", template="T01"))
    assert [(each.request_id, each.template, each.received_on) for each in case.follow_ups] == [
        ("ROG-2026-AAAAAA", "T01", None)
    ]
    assert (case.state, case.refused) == (CaseState.ISSUED, ())


def test_what_an_answer_supposes() -> None:
    """A surrender supposes the consent, which supposes the arrest: each opens the next."""
    room = RequestRoom(example=BY_NAME["T02"])
    arrest = room.step(
        StepCode.ARREST_REPORTED, NOW + HOUR, arrest_date="2026-11-23", source="Telephone, INTERPOL"
    )
    consent = room.answer(
        "CONSENTED_TO_SURRENDER_92_3", {"date": "2026-11-24", "national_law_permits": "Yes"}, NOW + DAY
    )
    surrendered = room.answer("SURRENDERED", {"date": "2026-11-25"}, NOW + 2 * DAY)
    assert room.case(surrendered, consent, arrest).state is CaseState.ANSWERED
    assert len(room.case(surrendered, consent).refused) == 2
    assert len(room.case(surrendered, arrest).refused) == 1


def test_the_day_of_an_arrest_is_that_of_the_state() -> None:
    """A State east of The Hague may report today's arrest while it is yesterday in UTC."""
    room = RequestRoom(example=BY_NAME["T02"])
    rights = {
        "brought_promptly_59_2": True, "warrant_applies_59_2_a": True, "proper_process_59_2_b": True,
        "rights_respected_59_2_c": True, "informed_interim_release_59_3": True,
    }  # fmt: skip
    late = NOW + 11 * HOUR  # 21:00 in UTC, 09:00 of the next day in Suva
    for day, taken in (("2026-11-24", 1), ("2026-11-25", 0)):
        arrested = room.answer("ARRESTED", {"arrest_date": day, "rights_checklist": rights}, late)
        assert len(room.case(arrested).history) == taken


def test_details_may_name_a_file_of_the_answer() -> None:
    """A document that an answer must carry may be one of its files, by name; the hash is the file's."""
    room = RequestRoom(example=BY_NAME["T07"])
    file = AttachedFile(name="Consent", size=9, sha256="ab" * 32)
    details = {"informed_consent": "Consent", "state_agreement": {"conditions": "none"}}
    agreed = room.answer("TRANSFER_AGREED", details, NOW + HOUR, attachments=(file,))
    assert room.case(agreed).refused == ()
    assert "Consent\u00a0: 9 octets" in str(agreed.content["body"])  # the example is in French
    assert len(room.case(room.answer("TRANSFER_AGREED", details, NOW + HOUR)).refused) == 1


def test_no_case_without_a_request() -> None:
    """Where no request holds there is no case, and the reason is given."""
    room = RequestRoom()
    for messages, reason in (
        ([], "No request"),
        ([acknowledged(room, NOW + HOUR)], "No request"),
        ([room.message({**room.request, "body": "Pay"}, account(room.organ), NOW)], "not the text"),
    ):
        with pytest.raises(CaseNotOpened, match=reason):
            reduce_case(messages, room_id=ROOM, standing=STANDING)
    with pytest.raises(CaseNotOpened):
        reduce_case([room.first], room_id="!other:court.rogatory.test", standing=STANDING)


def test_a_template_that_is_not_here() -> None:
    """A request made with a later template says so, instead of being judged by another."""
    room = RequestRoom()
    content = compose_request(
        id=room.id, template="T13@9.0", room_id=ROOM, issued_at=NOW, common=room.asked.common,
        fields=room.asked.fields, key=room.key, organ=room.organ,
    )  # fmt: skip
    with pytest.raises(TemplateUnknown, match=r"9\.0"):
        reduce_case([room.message(content, account(room.organ), NOW)], room_id=ROOM, standing=STANDING)


def test_ordinary_messages_are_none_of_its_business() -> None:
    """What people write in the room is neither answer nor refused."""
    room = RequestRoom()
    chat = room.message({"msgtype": "m.text", "body": "We are looking into it."}, FOCAL_POINT, NOW + HOUR)
    assert room.case(chat) == room.case()
