"""`rogatory request report` in real processes, on a register of a year that is over."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bridge.register import Register
from client.session.local.private_files import write_private
from node.cli.court import open_register
from node.home import open_home
from policies.trust.manifest import sign_manifest
from tests.bridge.past_year import TITLE, Clock, fill
from tests.network.rogatory import ROGATORY, Rogatory
from tests.policies.trust.networks import MANIFEST, ROOT


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Rogatory:
    """The Court's machine, with 300 requests in its register."""
    home = open_home(tmp_path_factory.mktemp("court") / "home", create=True)
    write_private(home.manifest, sign_manifest(MANIFEST, ROOT))
    write_private(home.root_public_key, f"{ROOT.public_key}\n")
    with open_register(home) as register:
        clock = Clock()
        filled = Register(register.database, register.path, clock)
        filled.database.execute("PRAGMA synchronous = off")
        fill(filled, clock, 300)
    return Rogatory(home.root)


def report(desk: Rogatory, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    return desk.run("request", "report", *arguments, expect=expect)


def test_the_table_fits_a_terminal_of_80_columns(desk: Rogatory) -> None:
    """On a real terminal of 80 columns no line is longer; all that is there is a range or held back."""
    screen, slave = pty.openpty()
    os.set_blocking(screen, True)
    environment = {**desk.environment, "COLUMNS": "80"}
    arguments = [ROGATORY, "request", "report", "--year", TITLE]
    with subprocess.Popen(arguments, env=environment, stdout=slave, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                read = os.read(screen, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not read:
                break
            shown += read
    os.close(screen)
    assert process.returncode == 0, shown
    lines = shown.decode().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("All requests") and "300-304" in line for line in lines)
    assert "BY REGION" in lines


def test_the_files_and_the_object_say_the_same(desk: Rogatory, tmp_path: Path) -> None:
    """--csv and --svg write their files, - is the output, --json the whole; the register is as it was."""
    register = desk.home / "bridge" / "register.db"
    before = hashlib.sha256(register.read_bytes()).digest()
    csv_file, svg_file = tmp_path / "report.csv", tmp_path / "report.svg"
    written = report(
        desk, "--year", TITLE, "--csv", str(csv_file), "--svg", str(svg_file), "--by", "priority"
    )
    assert written.stdout == ""
    assert f"{TITLE},total,total,issued,count,requests,300" in csv_file.read_text()
    assert ElementTree.fromstring(svg_file.read_text()).get("role") == "img"  # noqa: S314 - our own text
    assert (
        report(desk, "--year", TITLE[:4], "--csv", "-").stdout.splitlines()
        == csv_file.read_text().splitlines()
    )
    shown = json.loads(report(desk, "--year", TITLE, "--json").stdout)
    assert (shown["title"], shown["total"]["counts"]["issued"]) == (TITLE, 300)
    assert hashlib.sha256(register.read_bytes()).digest() == before


def test_a_year_that_cannot_be_had_is_refused(desk: Rogatory) -> None:
    """A year that still runs, and one that is none, end with exit 2, the reason, and what can be had."""
    refused = report(desk, "--year", "9000-9001", expect=2)
    assert "There are no statistics of 9000-9001." in refused.stderr
    assert "subtracted" in " ".join(refused.stderr.split())
    assert TITLE in refused.stderr
    assert "Name it as 2025-2026" in report(desk, "--year", "2020-2022", expect=2).stderr


def test_without_a_register_there_is_no_report(tmp_path: Path) -> None:
    """On another machine than the Court's it is refused, and no register is made."""
    home = open_home(tmp_path / "home", create=True)
    write_private(home.manifest, sign_manifest(MANIFEST, ROOT))
    write_private(home.root_public_key, f"{ROOT.public_key}\n")
    refused = report(Rogatory(home.root), expect=3)
    assert "no register of the Court" in refused.stderr
    assert not (home.bridge / "register.db").exists()
