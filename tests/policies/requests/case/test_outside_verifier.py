"""A program that knows only the wire format comes to the same verdict on answers and steps as we do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policies.requests.case.answer import AttachedFile
from policies.requests.case.received import Received
from policies.requests.case.step import StepCode
from policies.trust.manifest import sign_manifest
from tests.policies.requests.case.world import (
    DAY,
    ENDING,
    FOCAL_POINT,
    FROZEN,
    HOUR,
    MODERATOR,
    NOW,
    OTHER_STATE,
    STRANGERS_KEY,
    WORLD,
    RequestRoom,
    acknowledged,
    attested,
)
from tests.policies.trust.networks import ROOT

PROGRAM = Path(__file__).parents[2] / "verify_with_pynacl_alone.py"


def judge(
    tmp_path: Path,
    room: RequestRoom,
    received: Received,
    attestation: Mapping[str, object] | None = None,
    *,
    room_id: str | None = None,
) -> tuple[int, str]:
    objects = {"content": received.content, "request": room.request, "attestation": attestation or {}}
    for name, value in objects.items():
        (tmp_path / name).write_text(json.dumps(value))
    (tmp_path / "manifest").write_bytes(sign_manifest(WORLD, ROOT))
    content, request, attested_by, manifest = (str(tmp_path / name) for name in (*objects, "manifest"))
    ended = subprocess.run(
        [sys.executable, "-I", PROGRAM, content, room_id or room.room_id, manifest, ROOT.public_key, request,
         attested_by],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stderr


def test_an_answer_that_we_signed(tmp_path: Path) -> None:
    """An answer with letters beyond ASCII and a file verifies outside, by manifest and attestation."""
    room = RequestRoom()
    file = AttachedFile(name="Décision n° 12.pdf", size=9, sha256="ab" * 32)
    answer = room.answer(
        "FROZEN",
        {**FROZEN, "note": 'Mbàkke, 日本, 😀\n\t"'},
        NOW + HOUR,
        attachments=(file,),
        next_date=NOW.date(),
    )
    assert room.case(answer).refused == ()
    assert judge(tmp_path, room, answer, attested(FOCAL_POINT)) == (0, "")


def test_a_step_that_we_signed(tmp_path: Path) -> None:
    """A step of the Court verifies outside, by the manifest."""
    room = RequestRoom()
    step = room.step(StepCode.WITHDRAWN_BY_COURT, NOW + HOUR, reason="Plus nécessaire")
    assert judge(tmp_path, room, step) == (0, "")


def test_any_changed_part_of_an_answer(tmp_path: Path) -> None:
    """Whatever is altered, of the outcome, details, files, dates, room, request or text, it fails."""
    room = RequestRoom()
    answer = acknowledged(room, NOW + HOUR)
    said: Any = answer.content["org.rogatory.answer"]
    changes: list[dict[str, object]] = [
        {"outcome": "FROZEN"}, {"details": {"unit": "Unit 4"}}, {"next_date": None}, {"attachments": [{}]},
        {"answered_at": "2026-11-23T11:00:01Z"}, {"room_id": "!x"}, {"request_sha256": "x"},
    ]  # fmt: skip
    contents = [{**answer.content, "org.rogatory.answer": {**said, **change}} for change in changes]
    contents.append({**answer.content, "body": f"{answer.content['body']} "})
    for content in contents:
        altered = room.message(content, FOCAL_POINT, NOW + HOUR)
        code, reason = judge(tmp_path, room, altered, attested(FOCAL_POINT))
        assert (code, "does not hold" in reason) == (1, True)
        assert len(room.case(altered).refused) == 1


@pytest.mark.parametrize(
    ("by", "changes", "reason"),
    [
        (OTHER_STATE, {"state": "GHA"}, "another State"),
        (MODERATOR, {"function": "moderator"}, "no focal point"),
        (ENDING, {"valid_until": NOW + HOUR}, "not valid then"),
    ],
    ids=["other-state", "moderator", "expired"],
)
def test_somebody_without_standing(tmp_path: Path, by: str, changes: dict[str, object], reason: str) -> None:
    """An answer of somebody attested otherwise fails outside, for that reason."""
    room = RequestRoom()
    code, said = judge(tmp_path, room, acknowledged(room, NOW + 2 * HOUR, by=by), attested(by, **changes))
    assert (code, reason in said) == (1, True)


def test_a_forged_answer_and_one_of_another_request(tmp_path: Path) -> None:
    """Another key, another room and another request fail outside."""
    room = RequestRoom()
    forged = acknowledged(room, NOW + HOUR, key=STRANGERS_KEY)
    assert "did not sign" in judge(tmp_path, room, forged, attested(FOCAL_POINT))[1]
    answer = acknowledged(room, NOW + HOUR)
    assert "another room" in judge(tmp_path, room, answer, attested(FOCAL_POINT), room_id="!x")[1]
    reissued = RequestRoom(issued_at=NOW + DAY)
    assert "another request" in judge(tmp_path, reissued, answer, attested(FOCAL_POINT))[1]
