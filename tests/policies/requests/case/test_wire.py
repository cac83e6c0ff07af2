"""Answers and steps on the wire: their keys, their text, and what is never composed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from policies.requests.case.answer import AttachedFile
from policies.requests.case.compose import compose_answer
from policies.requests.case.step import StepCode
from policies.requests.errors import CommunicationRefused, RequestMalformed
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError
from tests.policies.requests.case.world import (
    ANSWER_KEY,
    FOCAL_POINT,
    FROZEN,
    HOUR,
    NOW,
    RequestRoom,
    acknowledged,
)
from tests.policies.requests.facts import BY_NAME

FILE = AttachedFile(name="Order.pdf", size=12345, sha256="ab" * 32)


def test_an_answer_is_that_of_the_wire_format() -> None:
    """The content has the keys of the design, and the signed object those and no others."""
    room = RequestRoom()
    content: Any = acknowledged(room, NOW + HOUR).content
    answer = content["org.rogatory.answer"]
    assert set(content) == {"msgtype", "body", "org.rogatory.answer"}
    assert set(answer) == {
        "v", "request_id", "request_sha256", "outcome", "details", "attachments", "next_date", "answered_at",
        "answerer", "room_id", "body_sha256", "signatures",
    }  # fmt: skip
    assert (answer["v"], answer["request_id"], answer["room_id"]) == (1, room.id, room.room_id)
    assert (answer["answered_at"], answer["next_date"]) == ("2026-11-23T11:00:00Z", "2026-11-30")
    assert list(answer["signatures"]) == [FOCAL_POINT]


def test_a_step_is_that_of_the_wire_format() -> None:
    """The content of a step has its keys, and is signed by the organ of the request."""
    room = RequestRoom()
    content: Any = room.step(StepCode.DELIVERED, NOW + HOUR).content
    step = content["org.rogatory.event"]
    assert set(content) == {"msgtype", "body", "org.rogatory.event"}
    assert set(step) == {
        "v", "request_id", "request_sha256", "step", "details", "occurred_at", "organ", "room_id",
        "body_sha256", "signatures",
    }  # fmt: skip
    assert list(step["signatures"]) == [room.organ] == [step["organ"]]


def test_all_of_an_answer_can_be_read() -> None:
    """Outcome, details, next date and files with their hashes stand in the text, under their names."""
    room = RequestRoom(common={"language": "en"})
    received = room.answer("FROZEN", FROZEN, NOW + HOUR, next_date=date(2026, 12, 1), attachments=(FILE,))
    body = str(received.content["body"])
    for words in (
        f"ANSWER TO REQUEST {room.id}", "Outcome: Frozen (FROZEN)", f"Answerer: {FOCAL_POINT}",
        "Next date: 2026-12-01", "Assets:\n    - EXERCISE ONLY. One account", "Date: 2026-11-24",
        "National order: 12/2026", f"Order.pdf: 12345 bytes, SHA-256 {FILE.sha256}",
    ):  # fmt: skip
        assert words in body
    assert "INFORMAL" not in body


def test_an_informal_answer_says_so() -> None:
    """An answer to an informal query is marked so in its text."""
    room = RequestRoom(example=BY_NAME["T17"])
    body = str(room.answer("NO_INFORMATION", {}, NOW + HOUR).content["body"])
    assert "INFORMAL: without prejudice to the formal channels." in body.splitlines()


def test_a_detail_cannot_pass_for_another_line() -> None:
    """A value of several lines is indented, so that it shows no heading and no other field."""
    room = RequestRoom(common={"language": "en"})
    body = str(room.answer("FROZEN", {**FROZEN, "date": "x\nOutcome: Lifted (LIFTED)"}, NOW).content["body"])
    assert [line for line in body.splitlines() if line.startswith("Outcome")] == ["Outcome: Frozen (FROZEN)"]


def test_the_same_answer_has_the_same_bytes() -> None:
    """Composing twice gives the same content, so that sending again cannot send something else."""
    room = RequestRoom()
    one, other = (canonical_json.encode(dict(acknowledged(room, NOW).content)) for _ in range(2))
    assert one == other


def test_what_is_never_composed() -> None:
    """What nobody could verify afterwards is refused before it is signed."""
    room = RequestRoom()
    with pytest.raises(CanonicalJsonError, match="amount"):
        room.answer("FROZEN", {"amount": 1.5}, NOW)
    with pytest.raises(CommunicationRefused, match="file occurs twice"):
        room.answer("FROZEN", FROZEN, NOW, attachments=(FILE, FILE))
    with pytest.raises(CommunicationRefused, match="next_date"):
        room.answer("FROZEN", {"next_date": "2026-12-01"}, NOW)
    with pytest.raises(CommunicationRefused, match="not a user id"):
        room.answer("FROZEN", FROZEN, NOW, by="nobody")
    with pytest.raises(ValueError, match="64 lowercase hex"):
        AttachedFile(name="a", size=1, sha256="AB" * 32)
    with pytest.raises(RequestMalformed):
        compose_answer(
            request={"body": "hello"}, outcome="FROZEN", details={}, answered_at=NOW, answerer=FOCAL_POINT,
            key=ANSWER_KEY,
        )  # fmt: skip
