"""A program that knows only the wire format and the root's key comes to the same verdict as we do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policies.requests.wire import CONTENT_KEY
from policies.trust.manifest import sign_manifest
from policies.trust.signing import SigningKey
from tests.policies.requests.samples import ROOM, sample_content
from tests.policies.trust.networks import MANIFEST, ROOT

PROGRAM = Path(__file__).parents[1] / "verify_with_pynacl_alone.py"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    path.write_bytes(sign_manifest(MANIFEST, ROOT))
    return path


def verify(
    content: dict[str, Any], manifest: Path, *, room_id: str = ROOM, root: str = ROOT.public_key
) -> tuple[int, str]:
    content_file = manifest.with_name("content.json")
    content_file.write_text(json.dumps(content))
    ended = subprocess.run(
        [sys.executable, "-I", PROGRAM, content_file, room_id, manifest, root],
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stderr


def test_it_imports_nothing_of_ours() -> None:
    """The program is independent: it names none of our packages."""
    imports = [line for line in PROGRAM.read_text().splitlines() if line.startswith(("import ", "from "))]
    assert len(imports) > 5
    assert not [
        line for line in imports if line.split()[1].split(".")[0] in {"policies", "client", "node", "bridge"}
    ]


def test_it_accepts_what_we_signed(manifest: Path) -> None:
    """The sample request verifies outside, letters beyond ASCII included."""
    assert verify(sample_content(), manifest) == (0, "")
    assert verify(sample_content(other_info='Mbàkke, 日本, 😀\n\t\x01"'), manifest) == (0, "")


def test_one_character_of_the_body(manifest: Path) -> None:
    """One character of the readable text altered, and it fails."""
    content = sample_content()
    content["body"] = content["body"].replace("Exampleville", "Examplevilla")
    code, reason = verify(content, manifest)
    assert (code, "not the one that was signed" in reason) == (1, True)


@pytest.mark.parametrize("part", ["common", "fields"])
def test_one_character_of_the_fields(manifest: Path, part: str) -> None:
    """One character of any text in the fields altered, and it fails."""
    names = [name for name, value in sample_content()[CONTENT_KEY][part].items() if isinstance(value, str)]
    name = names[-1]
    content = sample_content()
    content[CONTENT_KEY][part][name] += "."
    code, reason = verify(content, manifest)
    assert (code, "did not sign" in reason) == (1, True)


def test_one_character_of_the_room_id(manifest: Path) -> None:
    """Seen in another room, or with its room id altered, it fails."""
    code, reason = verify(sample_content(), manifest, room_id=ROOM[:-1] + "x")
    assert (code, "another room" in reason) == (1, True)
    content = sample_content()
    content[CONTENT_KEY]["room_id"] = ROOM[:-1] + "x"
    code, reason = verify(content, manifest, room_id=ROOM[:-1] + "x")
    assert (code, "did not sign" in reason) == (1, True)


def test_another_root(manifest: Path) -> None:
    """With another root's key pinned, nothing holds."""
    code, reason = verify(sample_content(), manifest, root=SigningKey.generate("x").public_key)
    assert (code, "not signed by that root" in reason) == (1, True)
