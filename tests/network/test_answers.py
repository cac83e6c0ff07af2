"""From a draft to the Court's register: issued, acknowledged, consulted on, answered, by the verbs alone."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.case_file import CaseFile, read_case_file
from node.cli.court import open_register, required_manifest
from node.home import open_home
from policies.requests.case.answer import ANSWER_KEY
from tests.network.conftest import Network
from tests.policies.requests.facts import HERE as REQUESTS
from tests.policies.requests.samples import SAMPLE
from tests.synapse_nodes import wait_for

pytestmark = pytest.mark.synapse

PROGRAM = REQUESTS.parent / "verify_with_pynacl_alone.py"

CONSULTATION = 'sub_code = "OTHER"\nquestion = "Which bank?"\nproposed_solution = "Name it."\n'
FOUND = 'material = "Extract.pdf"\n'
TODAY = datetime.now(UTC).date()
ACKNOWLEDGED = f'unit = "Unit 3"\nnext_date = {TODAY + timedelta(days=30)}\n'


@pytest.fixture
def issued(network: Network, tmp_path: Path) -> dict[str, str]:
    """A fresh request to Senegal's focal point."""
    draft = tmp_path / "draft.toml"
    draft.write_text(SAMPLE)
    done: dict[str, str] = network.rogatory.json("request", "issue", str(draft), "--as", network.court)
    return done


def answered(network: Network, request_id: str, outcome: str, details: str, *more: str) -> dict[str, str]:
    by = network.account("focal-point", "africa")
    arguments = ("request", "answer", request_id, outcome, "--details", "-", "--as", by, "--json", *more)
    done: dict[str, str] = json.loads(network.rogatory.run(*arguments, stdin=details).stdout)
    return done


def shown(network: Network, request_id: str, by: str) -> dict[str, Any]:
    case: dict[str, Any] = network.rogatory.json("request", "show", request_id, "--as", by)
    return case


def case_file(network: Network, request_id: str) -> CaseFile:
    with open_register(open_home(network.rogatory.home, create=False)) as register:
        register.verify_chain()
        return read_case_file(register, request_id, network.court)


def await_case(network: Network, request_id: str, fits: Callable[[list[str]], bool]) -> CaseFile:
    """Wait until the Court's register has a history that fits."""
    manifest = required_manifest(open_home(network.rogatory.home, create=False))
    found: list[CaseFile] = []

    def looked() -> bool:
        found[:] = [case_file(network, request_id)]
        return fits([entry.code for entry in found[0].case(manifest).history])

    wait_for(looked, f"the history of {request_id}", seconds=120)
    return found[0]


def codes(case: dict[str, Any]) -> list[str]:
    return [entry["code"] for entry in case["history"]]


def test_the_way_of_an_answer(network: Network, issued: dict[str, str], tmp_path: Path) -> None:
    """Issued, acknowledged, consulted on, answered: the register has each, and pynacl alone verifies it."""
    request_id = issued["id"]
    by = network.account("focal-point", "africa")
    theirs = shown(network, request_id, by)  # joins the room by itself
    assert theirs["state"] in ("issued", "delivered")
    await_case(network, request_id, lambda history: "DELIVERED" in history)
    assert "ACKNOWLEDGED" in {each["outcome"] for each in theirs["lawful_next"]["answers"]}
    extract = tmp_path / "Extract.pdf"
    extract.write_bytes(b"EXERCISE ONLY")
    sent = [
        answered(network, request_id, "ACKNOWLEDGED", ACKNOWLEDGED),
        answered(network, request_id, "CONSULT_97", CONSULTATION),
        answered(network, request_id, "EXECUTED", FOUND, "--attach", str(extract)),
    ]
    file = await_case(network, request_id, lambda history: history.count("ANSWER_RECEIVED") == 3)
    case = shown(network, request_id, network.court)
    assert (case["state"], case["refused"]) == ("answered", [])
    assert codes(case)[0] == "DELIVERED"
    answers = [entry for entry in case["history"] if entry["kind"] == "answer"]
    assert [entry["event_id"] for entry in answers] == [each["event_id"] for each in sent]
    sha256 = hashlib.sha256(extract.read_bytes()).hexdigest()
    assert answers[-1]["attachments"] == [{"name": extract.name, "size": 13, "sha256": sha256}]
    theirs = shown(network, request_id, by)
    assert [entry for entry in theirs["history"] if entry["kind"] == "answer"] == answers
    verify_outside(network, file, tmp_path)


def verify_outside(network: Network, file: CaseFile, tmp_path: Path) -> None:
    """Let the program that imports nothing of ours judge each signature that the register has."""
    root = network.rogatory.home / "network"
    request = tmp_path / "request"
    request.write_text(file.record.content or "")
    room_id = file.record.room_id or ""
    contents: list[tuple[Any, Any]] = [(json.loads(file.record.content or ""), None)]
    contents += [(step.content, None) for step in file.steps]
    by_user = {each["user_id"]: each for each in file.attestations}
    for received in file.received:
        said: Any = received.content[ANSWER_KEY]
        contents.append((received.content, by_user[said["answerer"]]))
    assert len(contents) == 1 + len(file.steps) + len(file.received)
    for content, attestation in contents:
        (tmp_path / "content").write_text(json.dumps(content))
        (tmp_path / "attestation").write_text(json.dumps(attestation))
        judged = subprocess.run(
            [sys.executable, "-I", PROGRAM, tmp_path / "content", room_id, root / "manifest.json",
             (root / "root.pub").read_text().strip(), request, tmp_path / "attestation"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (judged.returncode, judged.stderr) == (0, "")


def test_what_is_not_in_order_is_listed_and_never_sent(
    network: Network, issued: dict[str, str], tmp_path: Path
) -> None:
    """An incomplete draft, an answer outside the set or without its details: all errors at once, exit 1;
    a step of the Court by somebody else, and one that cannot follow: exit 3."""
    rogatory, by, request_id = network.rogatory, network.account("focal-point", "africa"), issued["id"]
    draft = tmp_path / "incomplete.toml"
    draft.write_text(re.sub(r"(?m)^(purpose|grounds|stage) = .*$", "", SAMPLE))
    errors = rogatory.json("request", "issue", str(draft), expect=1)["errors"]
    assert {"purpose", "grounds", "stage"} <= {each["field"] for each in errors}
    incomplete = rogatory.json("request", "answer", request_id, "EXECUTED_IN_PART", "--as", by, expect=1)
    assert [(each["field"], each["basis"]) for each in incomplete["errors"]] == [
        ("material", "93(1), 99"),
        ("missing", "93(1), 99"),
        ("reasons", "93(1), 99"),
    ]
    outside = rogatory.run("request", "answer", request_id, "SURRENDERED", "--as", by, expect=1)
    assert "'SURRENDERED' is no answer to T13" in outside.stderr
    assert (
        "is not the Court's account"
        in rogatory.run("request", "close", request_id, "--as", by, expect=3).stderr
    )
    assert "closed on a final answer" in rogatory.run("request", "close", request_id, expect=3).stderr
    again = ("request", "follow-up", request_id, request_id, "--template", "T13")
    assert "does not follow itself" in rogatory.run(*again, expect=3).stderr
    rogatory.json("request", "exhausted", request_id, "--on", TODAY.isoformat())
    case = shown(network, request_id, network.court)
    assert "CONSULTATIONS_EXHAUSTED" in codes(case)
    withdrawn = rogatory.json("request", "withdraw", request_id, "--reason", "EXERCISE ONLY")
    assert withdrawn["room_id"] == issued["room_id"]
    listed = {each["id"]: each["state"] for each in rogatory.json("request", "list")["requests"]}
    assert listed[request_id] == "withdrawn"
