"""How a failure is shown: what, why, what to do; a defect by its place only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from node.cli.options import print_json
from tests.node.cli.failing_verbs import SECRET

ROOT = Path(__file__).parents[3]


def fail(way: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the verb that fails in that way."""
    return subprocess.run(
        [sys.executable, "-m", "tests.node.cli.failing_verbs", "fail", way],
        cwd=ROOT,
        env={**os.environ, "ROGATORY_DEBUG": "0", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("way", ["known", "several"])
def test_an_error_meant_for_people_is_shown_in_three_parts(way: str) -> None:
    """What, why and what to do, and its own exit code; also when tasks raised it beside something else."""
    done = fail(way)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "rogatory: What happened.",
        "  why: Why it did.",
        "  do:  What to do.",
    ]


@pytest.mark.parametrize("way", ["defect", "library", "defects", "ours-missing"])
def test_a_defect_is_one_line_with_its_place_and_no_value(way: str) -> None:
    """What nobody foresaw names file and line, shows no traceback, and quotes nothing of the error."""
    done = fail(way)
    assert done.returncode == 1
    assert re.match(r"rogatory: This is a defect of Rogatory: \w+ at [\w/.]+\.py:\d+\.\n", done.stderr)
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr + done.stdout


def test_the_place_of_a_defect_is_in_our_own_code() -> None:
    """The line that is named is the last of our packages, not of a library."""
    assert "node/cli/main.py:" in fail("library").stderr


def test_debugging_shows_the_traceback() -> None:
    """With ROGATORY_DEBUG=1 the traceback comes too, before the same line."""
    said = fail("defect", ROGATORY_DEBUG="1").stderr
    assert "Traceback" in said
    assert "This is a defect of Rogatory" in said


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("disk", "No space left on device"),
        ("file", "/nonexistent/file"),
        ("missing", "pip install 'rogatory[node]'"),
    ],
)
def test_what_is_in_the_way_is_no_defect(way: str, words: str) -> None:
    """A full disk, a missing file and a missing library are named as what they are."""
    done = fail(way)
    assert done.returncode == 1
    assert words in done.stderr
    assert "defect" not in done.stderr


def test_what_a_server_says_does_not_move_the_cursor() -> None:
    """Control codes and changes of direction in an error's words do not reach the terminal."""
    lines = fail("hostile").stderr.splitlines()
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


def test_json_is_escaped_where_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    """What `--json` prints reads back the same, and holds no control code; letters stay letters."""
    value = {"name": "Dakar\x9b2J\u202e\x7f\x1b é 漢"}
    print_json(value)
    printed = capsys.readouterr().out.removesuffix("\n")
    assert json.loads(printed) == value
    assert printed.isprintable()
    assert "é 漢" in printed


def test_an_interruption_is_no_failure() -> None:
    """Ctrl-C is exit 130, also when tasks report it together."""
    done = fail("interrupt")
    assert done.returncode == 130
    assert done.stderr.startswith("rogatory: Interrupted.")
