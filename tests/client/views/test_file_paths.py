from __future__ import annotations

import os
from pathlib import Path

import pytest

from client.views.file_paths import completed, found_file, suggested


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, also the current one and one's home, with two reports, a folder and what is not offered."""
    for name in ("report-one.pdf", "report-two.pdf", ".hidden", "evil\x1bname", "plain"):
        (tmp_path / name).write_bytes(b"12345")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter.txt").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "further", "first"),
    [
        ("rep", "report-", "report-one.pdf"),
        ("report-t", "report-two.pdf", "report-two.pdf"),
        ("pa", "papers/", "papers/"),
        ("papers/", "papers/letter.txt", "papers/letter.txt"),
        ("~/papers/l", "~/papers/letter.txt", "~/papers/letter.txt"),
        ("./pl", "./plain", "./plain"),
        ("p", "p", "papers/"),
        (".h", ".hidden", ".hidden"),
        ("ev", "ev", None),
        ("nothing", "nothing", None),
        ("nowhere/x", "nowhere/x", None),
        ("a\0b/", "a\0b/", None),
        ("~nobody-at-all/x", "~nobody-at-all/x", None),
    ],
)
def test_a_path_is_completed_as_far_as_there_is_no_choice(
    folder: Path, typed: str, further: str, first: str | None
) -> None:
    """What is there decides, what was typed stays as it was, and nothing that a terminal obeys is offered."""
    assert (completed(typed), suggested(typed)) == (further, first)


def test_nothing_is_suggested_before_something_is_typed(folder: Path) -> None:
    """An empty line stays one; Tab in it shows that there is a choice."""
    assert suggested("") is None
    assert completed("") == ""


def test_a_file_is_found_with_its_size(folder: Path) -> None:
    """Also from one's home."""
    assert found_file("~/report-one.pdf").size == 5
    assert found_file("papers/letter.txt").path == Path("papers/letter.txt")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (" ", "Type the path of a file."),
        ("missing", "The system says: No such file or directory."),
        ("papers", "That is no plain file."),
        ("pipe", "That is no plain file."),
        ("a\0b", "That is no path of a file."),
        ("~nobody-at-all/x", "That is no path of a file."),
    ],
)
def test_what_is_no_file_is_said(folder: Path, typed: str, why: str) -> None:
    """Nothing there, a folder, a pipe, no path at all: each in words."""
    os.mkfifo("pipe")
    with pytest.raises(ValueError, match=why):
        found_file(typed)
