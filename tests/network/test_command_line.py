"""The command line's frame: quick help, wrong usage, and what it must not load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from node.cli.main import VERBS
from tests.network.rogatory import ROGATORY, Rogatory

HEAVY = ("nio", "textual", "aiohttp", "msgspec", "sqlite_utils", "vodozemac", "nacl", "psutil", "synapse")


def modules_after(code: str) -> set[str]:
    """Return the top-level names in sys.modules after running `code` in a fresh interpreter."""
    program = f"{code}\nimport sys\nprint(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_lists_every_verb(tmp_path: Path) -> None:
    """`rogatory --help` names each verb with its line of help, without a home."""
    said = Rogatory(tmp_path / "none").run("--help").stdout
    assert [verb for verb in VERBS if f"\n  {verb} " not in said] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(tmp_path: Path, verb: str) -> None:
    """Each verb's module loads and explains itself."""
    said = Rogatory(tmp_path / "none").run(verb, "--help").stdout
    assert "Usage: rogatory" in said
    assert len(said.splitlines()) > 3


def test_a_misspelt_verb_names_the_nearest(tmp_path: Path) -> None:
    """`rogatory stauts` is wrong usage and names `status`."""
    said = Rogatory(tmp_path / "none").run("stauts", expect=2).stderr
    assert "'status'" in said


def test_the_frame_of_the_command_line_loads_nothing_heavy() -> None:
    """What `--help` loads has none of the heavy libraries in it."""
    assert modules_after("import node.cli.main").isdisjoint(HEAVY)


def test_status_loads_nothing_heavy() -> None:
    """`rogatory status` is quick because it loads neither asyncio's servers nor the libraries of others."""
    assert modules_after("import node.cli.processes").isdisjoint(HEAVY)


def test_status_without_a_home_says_what_to_do(tmp_path: Path) -> None:
    """Without a home, `status` says so and names `rogatory up`."""
    said = Rogatory(tmp_path / "none").run("status", expect=1).stderr
    assert "rogatory up" in said


def test_a_reader_that_has_left_is_no_error_to_speak_of() -> None:
    """Output into a closed pipe ends the command in silence, as `rogatory ... | head` should."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(
            [ROGATORY, "--help"], stdout=write_end, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(write_end)
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("up", "--regions", ","),
        ("send", "General", "  "),
        ("send", "General", os.fsdecode(b"caf\xe9")),
        ("chat",),
        ("login", "@a:b", "--homeserver", "https://b"),
    ],
)
def test_wrong_usage_is_exit_2_and_says_what_is_wrong(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Empty regions, texts and passwords, and a screen without a terminal, are refused at once."""
    said = Rogatory(tmp_path / "none").run(*arguments, expect=2).stderr
    assert "Error: " in said or "rogatory: " in said
    assert "Traceback" not in said
    assert not list((tmp_path / "none").rglob("*.db"))
