"""A case as it is shown: the clocks of the law and of the network apart, and texts of others made safe."""

from __future__ import annotations

from typing import Any

from client.session.events import TimelineEvent, Trust
from client.views.case_messages import received_of, time_of
from client.views.cases import CaseView, view_case
from policies.requests.case.step import StepCode
from tests.policies.requests.case.world import HOUR, NOW, RequestRoom, acknowledged
from tests.policies.requests.facts import BY_NAME


def event(content: dict[str, object], **changes: object) -> TimelineEvent:
    plain = {
        "position": 1, "room_id": "!r", "event_id": "$e", "sender": "@a:b", "sent_at": 1,
        "type": "m.room.message", "content": content, "body": None, "trust": Trust.PINNED,
    }  # fmt: skip
    return TimelineEvent(**{**plain, **changes})  # type: ignore[arg-type] # the fields of an event


def said(view: CaseView) -> dict[str, Any]:
    return view.as_object()


def test_statutory_clocks_and_usage_are_told_apart() -> None:
    """Each clock says which of the two it is, in the object and in its line, with its article."""
    room = RequestRoom(example=BY_NAME["T02"])
    delivered = room.step(StepCode.DELIVERED, NOW + HOUR)
    arrest = room.step(StepCode.ARREST_REPORTED, NOW + 2 * HOUR, arrest_date="2026-11-22", source="INTERPOL")
    view = view_case(room.case(delivered, arrest), NOW + 3 * HOUR)
    clocks = {each["clock"]: each for each in said(view)["clocks"]}
    assert clocks["full_request_due"]["kind"] == "statutory"
    assert clocks["full_request_due"]["due"] == "2027-01-21T23:00:00Z"
    assert clocks["acknowledge"]["kind"] == "network default"
    lines = "\n".join(view.lines())
    assert "due 2027-01-21T23:00:00Z (statutory [92(3); rule 188])" in lines


def test_what_is_refused_is_shown_with_its_reason() -> None:
    """A refused message stands in the object and in its own part of the lines."""
    room = RequestRoom()
    stranger = acknowledged(room, NOW + HOUR, by="@x:elsewhere.test")
    view = view_case(room.case(stranger), NOW + HOUR)
    [refused] = said(view)["refused"]
    assert (refused["refusal"], view.summary()["refused_messages"]) == ("not-attested", 1)
    assert any("not-attested, from @x:elsewhere.test" in line for line in view.lines())


def test_only_what_its_sender_wrote_reaches_a_case() -> None:
    """Other messages, and what is undecryptable or of another sender, are none of its business."""
    assert received_of(event({"body": "hello"})) is None
    answer: dict[str, object] = {"org.rogatory.answer": {}}
    assert received_of(event(answer, trust=Trust.MISMATCHED_SENDER)) is None
    assert received_of(event(answer, trust=Trust.UNDECRYPTABLE)) is None
    assert received_of(event(answer, type="m.reaction")) is None
    received = received_of(event(answer))
    assert received is not None
    assert received.sent_at == time_of(1)


def test_any_time_that_a_server_claims_is_a_time() -> None:
    """Before 1970 and beyond all years it is the nearest that can be computed with."""
    assert time_of(-(2**60)).year == 1970
    assert time_of(2**60).year == 2109
