"""A real case of the network as a file: exported by either side, proved where only the root is known."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.network.conftest import Network
from tests.network.rogatory import ROGATORY
from tests.network.test_answers import ACKNOWLEDGED, FOUND, answered, await_case, shown
from tests.policies.requests.facts import HERE as REQUESTS
from tests.policies.requests.samples import SAMPLE

pytestmark = pytest.mark.synapse

PROGRAM = REQUESTS.parent / "verify_export_with_pynacl_alone.py"
EXTRACT = b"EXERCISE ONLY. An extract of the registry.\n"


@dataclass(frozen=True)
class Exported:
    """A case with an answer and a file, and the export of one side."""

    request_id: str
    by: str
    path: Path
    said: dict[str, Any]


@pytest.fixture(scope="module")
def request_id(network: Network, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A request that was acknowledged and answered with a file."""
    folder = tmp_path_factory.mktemp("case")
    (folder / "draft.toml").write_text(SAMPLE)
    (folder / "Extract.pdf").write_bytes(EXTRACT)
    issue = ("request", "issue", str(folder / "draft.toml"), "--as", network.court)
    issued: str = network.rogatory.json(*issue)["id"]
    shown(network, issued, network.account("focal-point", "africa"))  # joins the room by itself
    await_case(network, issued, lambda history: "DELIVERED" in history)
    answered(network, issued, "ACKNOWLEDGED", ACKNOWLEDGED)
    answered(network, issued, "EXECUTED", FOUND, "--attach", str(folder / "Extract.pdf"))
    await_case(network, issued, lambda history: history.count("ANSWER_RECEIVED") == 2)
    return issued


@pytest.fixture(params=["focal-point", "court"])
def exported(network: Network, request_id: str, request: pytest.FixtureRequest, tmp_path: Path) -> Exported:
    by = network.court if request.param == "court" else network.account("focal-point", "africa")
    said = network.rogatory.json(
        "export", request_id, "--as", by, "--output", str(tmp_path), "--html", str(tmp_path / "case.html")
    )
    return Exported(request_id, by, tmp_path / f"{request_id}.zip", said)


def offline(folder: Path, *arguments: str, expect: int = 0) -> Any:
    """Run `export --verify --json` where there is no network, no home and no account."""
    nowhere = {**os.environ, "ROGATORY_HOME": str(folder / "nowhere"), "HOME": str(folder / "nowhere")}
    alone = ["unshare", "-rn"] if can_unshare() else []
    done = subprocess.run(
        [*alone, ROGATORY, "export", "--verify", *arguments, "--json"],
        env=nowhere, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == expect, done.stderr
    assert not (folder / "nowhere").exists()
    return json.loads(done.stdout)


def can_unshare() -> bool:
    tool = shutil.which("unshare")
    return tool is not None and subprocess.run([tool, "-rn", "true"], check=False).returncode == 0


def root_of(network: Network) -> str:
    return (network.rogatory.home / "network" / "root.pub").read_text().strip()


def test_either_side_exports_what_anybody_proves_offline(
    network: Network, exported: Exported, tmp_path: Path
) -> None:
    """Without a network and with the root alone: the same case as `request show`, the file in it, the index
    signed by who exported; another root proves nothing; and pynacl alone comes to the same verdict."""
    verdict = offline(tmp_path, str(exported.path), "--root", root_of(network))
    case = shown(network, exported.request_id, exported.by)
    same = ("state", "history", "refused", "common", "fields", "answered_at", "formal_confirmation")
    assert {name: verdict["case"][name] for name in same} == {name: case[name] for name in same}
    assert (verdict["ok"], verdict["state"], verdict["complete"]) == (True, "answered", True)
    assert (verdict["development"], verdict["exporter"]) == (True, exported.by)
    assert any("DEVELOPMENT ROOT" in each for each in verdict["cautions"])
    signer = "OTP" if exported.by == network.court else exported.by
    assert verdict["index_signed_by"]["signer"] == signer
    sha256 = hashlib.sha256(EXTRACT).hexdigest()
    assert [(each["name"], each["sha256"]) for each in verdict["files"]] == [("Extract.pdf", sha256)]
    assert (
        verdict["sha256"] == exported.said["sha256"] == hashlib.sha256(exported.path.read_bytes()).hexdigest()
    )
    refused = offline(tmp_path, str(exported.path), "--root", "A" * 43, expect=3)
    assert (refused["ok"], refused["error"]) == (False, "ExportUnproven")
    judged = subprocess.run(
        [sys.executable, "-I", PROGRAM, exported.path, root_of(network)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (judged.returncode, judged.stderr) == (0, "")
    outside = json.loads(judged.stdout)
    assert outside["holding"] == sorted(each["event_id"] for each in verdict["signatures"])
    assert outside["index_signed_by"] == signer


def test_what_is_written_where(network: Network, exported: Exported, tmp_path: Path) -> None:
    """Export and page are 0600 and all there is; nothing is overwritten unasked; the home takes none."""
    page = tmp_path / "case.html"
    assert {path.name for path in tmp_path.iterdir()} == {exported.path.name, page.name}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert exported.request_id in page.read_text()
    before = exported.path.read_bytes()
    export = ("export", exported.request_id, "--as", exported.by, "--output")
    assert "never overwritten" in network.rogatory.run(*export, str(exported.path), expect=1).stderr
    assert exported.path.read_bytes() == before
    replaced = network.rogatory.json(*export, str(exported.path), "--without-files", "--replace")
    assert len(replaced["missing"]) == 1
    verdict = network.rogatory.json("export", "--verify", str(exported.path))  # by the home's own root
    assert (verdict["complete"], verdict["index_signed_by"] is None) == (False, False)
    inside = network.rogatory.run(*export, str(network.rogatory.home / "x.zip"), expect=1)
    assert "in the home everything is encrypted" in inside.stderr
    assert not list(network.rogatory.home.glob("*x.zip*"))
    searched = ["grep", "-r", "-l", "-a", "An extract of the registry", str(network.rogatory.home)]
    assert subprocess.run(searched, capture_output=True, check=False).stdout == b""
