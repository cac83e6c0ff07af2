"""A program that knows zipfile, json, hashlib and pynacl alone comes to the same verdict on exports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policies.requests.export.container import Member
from policies.requests.export.verify import verify_export
from policies.trust.signing import SigningKey
from tests.policies.requests.case.world import FOCAL_POINT, RequestRoom
from tests.policies.requests.export.exports import (
    REPORT_SHA256,
    Change,
    by_the_court,
    export_of,
    forged,
    messages_of,
)
from tests.policies.trust.networks import ROOT

PROGRAM = Path(__file__).parents[2] / "verify_export_with_pynacl_alone.py"
ROOM = RequestRoom()
MESSAGES = messages_of(ROOM)


def judge(folder: Path, data: bytes, root: str = ROOT.public_key) -> tuple[int, str, str]:
    path = folder / "export.zip"
    path.write_bytes(data)
    ended = subprocess.run(
        [sys.executable, "-I", PROGRAM, path, root], capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("signer", ["OTP", FOCAL_POINT, None], ids=["court", "focal-point", "unsigned"])
def test_the_same_messages_hold(tmp_path: Path, signer: str | None) -> None:
    """It finds the same signatures to hold, and the index signed by the same exporter, or by nobody."""
    unsigned = export_of(ROOM, MESSAGES, key=None)
    data = {"OTP": by_the_court(ROOM, MESSAGES), FOCAL_POINT: export_of(ROOM, MESSAGES), None: unsigned}[
        signer
    ]
    code, said, wrong = judge(tmp_path, data)
    assert (code, wrong) == (0, "")
    found = json.loads(said)
    assert found["holding"] == sorted(verify_export(data, ROOT.public_key).proofs)
    assert found["index_signed_by"] == signer


def test_what_does_not_hold(tmp_path: Path) -> None:
    """Another root, an altered attestation, another file, another index: each fails outside too."""
    data = export_of(ROOM, MESSAGES)
    own = f"attachments/{REPORT_SHA256}"

    def altered(name: str, old: bytes, new: bytes) -> Change:
        return lambda members: [
            Member(each.name, each.content.replace(old, new)) if each.name == name else each
            for each in members
        ]

    assert "the root" in judge(tmp_path, data, SigningKey.generate("root").public_key)[2]
    assert (
        "attestation" in judge(tmp_path, forged(data, altered("attestations/00001.json", b"SEN", b"GHA")))[2]
    )
    assert "signed one" in judge(tmp_path, forged(data, altered(own, b"Report", b"Retort")))[2]
    assert "the request" in judge(tmp_path, forged(data, altered("messages/00001.json", b"T13", b"T14")))[2]
    stranger = forged(data, lambda members: members, key=SigningKey.generate("answer"))
    assert "the index" in judge(tmp_path, stranger)[2]
