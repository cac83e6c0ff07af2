"""Exports of small cases, made as either side makes them, and made anew by somebody who forges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from policies.requests.case.answer import AttachedFile
from policies.requests.case.received import Received
from policies.requests.case.step import StepCode
from policies.requests.export.compose import draft_export, finished_export
from policies.requests.export.container import Member, read_container, write_container
from policies.trust import canonical_json
from policies.trust.manifest import sign_manifest
from policies.trust.signing import SigningKey, sign_object
from tests.policies.requests.case.world import (
    ANSWER_KEY,
    FOCAL_POINT,
    FROZEN,
    HOUR,
    NOW,
    ORGAN_KEYS,
    STANDING,
    WORLD,
    RequestRoom,
    account,
    acknowledged,
    attested,
    hash_of,
)
from tests.policies.trust.networks import ROOT

REPORT = b"EXERCISE ONLY. Report of the registry.\n"
REPORT_SHA256 = hashlib.sha256(REPORT).hexdigest()
FILES = {REPORT_SHA256: REPORT}
COURT = account("OTP")
MANIFEST_BYTES = sign_manifest(WORLD, ROOT)
LATER = NOW + timedelta(days=2)

Change = Callable[[list[Member]], list[Member]]


def messages_of(room: RequestRoom) -> list[Received]:
    """Delivered, acknowledged, answered with a file, received; and two messages without effect."""
    answer = room.answer(
        "FROZEN",
        FROZEN,
        NOW + 2 * HOUR,
        attachments=(AttachedFile(name="Report.pdf", size=len(REPORT), sha256=REPORT_SHA256),),
    )
    received = room.step(
        StepCode.ANSWER_RECEIVED,
        NOW + 3 * HOUR,
        answer_sha256=hash_of(answer),
        attestation=attested(FOCAL_POINT),
    )
    forged: dict[str, object] = {"msgtype": "m.notice", "body": "Paid.", "org.rogatory.answer": {"v": 1.5}}
    return [
        room.first,
        room.step(StepCode.DELIVERED, NOW + timedelta(minutes=1)),
        acknowledged(room, NOW + HOUR),
        answer,
        received,
        room.message(dict(answer.content), "@sen.stranger:africa.rogatory.test", NOW + 4 * HOUR),
        room.message(forged, FOCAL_POINT, NOW + 5 * HOUR),
    ]


def export_of(
    room: RequestRoom,
    messages: list[Received],
    *,
    by: str = FOCAL_POINT,
    key: SigningKey | None = ANSWER_KEY,
    files: Mapping[str, bytes] = FILES,
    **others: Any,
) -> bytes:
    given: dict[str, Any] = {
        "standing": STANDING,
        "manifest": MANIFEST_BYTES,
        "root_public_key": ROOT.public_key,
        "exported_at": LATER,
        **others,
    }
    draft = draft_export(messages, room_id=room.room_id, exporter=by, files=files, **given)
    signer = "OTP" if by == COURT else by
    return finished_export(draft, sign_object(draft.index, signer, key) if key else None)


def by_the_court(room: RequestRoom, messages: list[Received]) -> bytes:
    return export_of(room, messages, by=COURT, key=ORGAN_KEYS["OTP"])


def forged(data: bytes, change: Change, *, key: SigningKey | None = None) -> bytes:
    """Change an export's members, and make archive and index fit, as whoever knows the format can.

    `key` signs the index anew as the focal point; without it the index is left unsigned.
    """
    first, *others = change(list(read_container(data)))
    index = json.loads(first.content)
    index["members"] = [
        {"name": each.name, "sha256": hashlib.sha256(each.content).hexdigest(), "size": len(each.content)}
        for each in others
    ]
    index["signatures"] = {}
    if key is not None:
        index = sign_object(index, FOCAL_POINT, key)
    return write_container([Member("index.json", canonical_json.encode(index)), *others])


def replaced(name: str, content: bytes, new_name: str = "") -> Change:
    """Another content for the member of that name, and perhaps another name."""
    there = Member(new_name or name, content)
    return lambda members: [there if each.name == name else each for each in members]
