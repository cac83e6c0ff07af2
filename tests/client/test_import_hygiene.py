"""The core is reachable without a screen, and the screen without the Matrix library."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

CORE = ["policies", "client.session.face", "client.session.events", "bridge", "node.cli"]
VIEWS = [
    "answer_file",
    "attachment_words",
    "attestation_words",
    "case_messages",
    "cases",
    "drafts",
    "field_words",
    "file_paths",
    "markers",
    "names",
    "request_view",
    "room_filters",
    "room_list",
    "room_places",
    "room_sorters",
    "safe_text",
    "session_cases",
    "status",
    "timeline",
    "timeline_row",
    "trust_words",
    "verification_words",
]


def loaded_by(modules: list[str]) -> set[str]:
    """Return the top-level names of all modules that a fresh interpreter has after importing some."""
    lines = [f"import {module}" for module in modules if importlib.util.find_spec(module)]
    program = "\n".join(["import sys", *lines, "print(*sys.modules)"])
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", [*CORE, *(f"client.views.{view}" for view in VIEWS)])
def test_the_core_loads_neither_textual_nor_nio(module: str) -> None:
    """Bots and commands pay for no screen; nothing above the session pays for nio before it is used."""
    assert loaded_by([module]).isdisjoint({"textual", "rich", "nio"})


def test_every_view_is_checked() -> None:
    """The list above names every module of client.views."""
    import client.views

    folder = client.views.__path__[0]
    from pathlib import Path

    assert {path.stem for path in Path(folder).glob("*.py")} - {"__init__"} == set(VIEWS)


def test_the_terminal_client_paints_without_nio() -> None:
    """Importing the app loads Textual and neither nio nor aiohttp nor the store."""
    loaded = loaded_by(["client.ui.app"])
    assert "textual" in loaded
    assert loaded.isdisjoint({"nio", "aiohttp", "vodozemac", "sqlcipher3", "sqlite_utils"})
