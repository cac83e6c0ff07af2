"""`rogatory request`: templates, a blank draft and its check, in real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "tests" / "policies" / "requests" / "examples"
CHECK_WITHOUT_THE_REST = """
import sys
from node.cli.main import rogatory
rogatory.main(["request", "check", sys.argv[1], "--json"], standalone_mode=False)
heavy = {"nio", "textual", "vodozemac", "synapse", "aiohttp", "bridge"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def request(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "node.cli.main", "request", *arguments],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_templates_are_listed() -> None:
    """All 21 are there, with their titles in the chosen language, their articles and their answers."""
    listed = json.loads(request("templates", "--json").stdout)["templates"]
    by_name = {each["template"]: each for each in listed}
    assert len(by_name) == 21
    assert by_name["T13@1.0"]["priorities"] == ["P4"]
    assert {"FROZEN", "OTHER_STATED_REASON"} <= set(by_name["T13@1.0"]["outcomes"])
    french = request("templates", "--language", "fr").stdout
    assert "T01@1.0  Arrestation et remise" in french


def test_a_blank_draft_is_checked_by_article(tmp_path: Path) -> None:
    """What `new` writes `check` reads: each statutory element is missing, with its article; exit 1."""
    blank = request("new", "T13", "--language", "fr")
    assert blank.returncode == 0
    assert blank.stdout.startswith("# T13@1.0: Identification, localisation")
    draft = tmp_path / "draft.toml"
    draft.write_text(blank.stdout)
    checked = request("check", str(draft), "--json")
    assert checked.returncode == 1
    result = json.loads(checked.stdout)
    assert set(result) == {"ok", "errors", "warnings"}
    assert result["ok"] is False
    assert all(set(each) == {"field", "reason", "basis"} for each in result["errors"] + result["warnings"])
    assert {"field": "essential_facts", "reason": "Missing: Essential facts.", "basis": "96(2)(c)"} in result[
        "errors"
    ]


def test_a_draft_for_a_state_says_what_is_known_of_it() -> None:
    """`--state` takes a State's name; what its card is not sure of is a comment, and the check cites it."""
    new = request("new", "T13", "--state", "japan")
    assert 'requested_state = "JPN"\n' in new.stdout
    assert '#   Perhaps: language = "en"\n' in new.stdout
    draft = (EXAMPLES / "T13.toml").read_text().replace('"SEN"', '"JPN"')
    warnings = json.loads(request("check", "-", "--json", text=draft).stdout)["warnings"]
    assert {("channel", "87(1)(a)"), ("language", "87(2)")} <= {
        (each["field"], each["basis"]) for each in warnings
    }
    unknown = request("new", "T13", "--state", "Jpan")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "(JPN)" in unknown.stderr


@pytest.mark.parametrize("name", ["T13", "T01_convicted"])
def test_a_complete_draft_is_in_order(name: str) -> None:
    """A complete draft exits 0, as JSON and in words."""
    done = request("check", str(EXAMPLES / f"{name}.toml"), "--json")
    assert (done.returncode, json.loads(done.stdout)["errors"]) == (0, [])
    assert "in order" in request("check", str(EXAMPLES / f"{name}.toml")).stdout


def test_in_words_it_shows_field_reason_and_article() -> None:
    """For a person each finding is a line, in French when asked, and what a draft quotes moves no cursor."""
    text = (EXAMPLES / "T13.toml").read_text().replace('"WARRANT_OR_SUMMONS_ISSUED"', '"\\u202e\\u0007x"')
    done = request("check", "-", "--language", "fr", text=text)
    assert done.returncode == 1
    assert not {"\u202e", "\x07"} & set(done.stdout)
    assert "stage: Stade de la procédure : « " in done.stdout
    assert "[57(3)(e); 75(4)]" in done.stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[common", "not valid TOML"), ("[common]\n[fields]\n", "T13@1.0"), ("a = 1", "not known")],
)
def test_what_is_no_draft_is_one_error(text: str, reason: str) -> None:
    """A file that cannot be read as a draft is an error of the same shape, and exits 1."""
    done = request("check", "-", "--json", text=text)
    result = json.loads(done.stdout)
    assert done.returncode == 1
    assert [each["field"] for each in result["errors"]] == ["draft"]
    assert reason in result["errors"][0]["reason"]


def test_a_mistyped_template_is_told_the_nearest() -> None:
    """A template that is not there is refused with the nearest, on standard error."""
    done = request("new", "T130")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'T13'?" in done.stderr


def test_the_check_loads_neither_network_nor_screen() -> None:
    """Checking a draft imports no Matrix session, no screens and no bridge."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK_WITHOUT_THE_REST, str(EXAMPLES / "T13.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == "[]"
